# In the place of the library: events go to a process, if it has registered.
defmodule :telemetry do
  def execute(event, measurements, metadata) do
    case Process.whereis(Proctor.Test.Telemetry) do
      nil -> :ok
      pid -> send(pid, {:event, event, measurements, metadata})
    end

    :ok
  end
end
