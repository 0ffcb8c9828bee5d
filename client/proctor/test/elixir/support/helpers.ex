defmodule Proctor.Test.Helpers do
  import ExUnit.Assertions

  @doc "Until it is so."
  def eventually(fun, left \\ 1_000) do
    cond do
      fun.() -> :ok
      left == 0 -> flunk("it never came")
      true -> Process.sleep(10) && eventually(fun, left - 1)
    end
  end

  def gone?(os_pid), do: not File.exists?("/proc/#{os_pid}")
end
