defmodule Proctor.Feeder do
  @moduledoc false

  # Writes what an enumerable or a function gives to a command, as fast as that
  # reads, beside the process that takes its output. It ends with that process.

  defmodule Sink do
    @moduledoc false
    defstruct [:process]

    defimpl Collectable do
      def into(sink) do
        collect = fn
          sink, {:cont, data} ->
            Proctor.Feeder.write!(sink.process, data)
            sink

          sink, :done ->
            sink

          _sink, :halt ->
            :ok
        end

        {sink, collect}
      end
    end
  end

  defstruct [:pid, :ref]

  @doc """
  Takes input that has to be fed out of the options; iodata goes to the Erlang
  client as it is.
  """
  def divide(%{input: input} = read)
      when is_function(input, 1) or is_map(input) or is_function(input, 2),
      do: {input, fed(read)}

  def divide(%{input: input} = read) when is_list(input) do
    _ = :erlang.iolist_size(input)
    {nil, read}
  rescue
    ArgumentError -> {input, fed(read)}
  end

  def divide(%{input: input} = read) when is_binary(input), do: {nil, read}
  def divide(%{input: input} = read), do: {input, fed(read)}
  def divide(read), do: {nil, read}

  defp fed(read), do: read |> Map.delete(:input) |> Map.put(:fed, true)

  def start(input, process) do
    owner = self()
    ref = make_ref()
    # Linked, so that it ends with its owner; it never fails by itself.
    pid = spawn_link(fn -> feed(input, process, &send(owner, {ref, &1})) end)
    %__MODULE__{pid: pid, ref: ref}
  end

  # It is told before the command is ended, whose end has others ask for it.
  defp feed(input, process, tell) do
    write_all(input, process)
    tell.(:ok)
    :proctor.send(process, :eof)
  catch
    :throw, {__MODULE__, reason} ->
      tell.(reason)

    kind, reason ->
      tell.({:raise, kind, reason, __STACKTRACE__})
      :proctor.stop(process)
  end

  defp write_all(fun, process) when is_function(fun, 1),
    do: fun.(%Proctor.Feeder.Sink{process: process})

  defp write_all(enumerable, process), do: Enum.each(enumerable, &write!(process, &1))

  @doc false
  def write!(process, data) do
    case :proctor.send(process, data) do
      :ok -> :ok
      {:error, _} -> throw({__MODULE__, :epipe})
    end
  end

  @doc """
  How it went: `:ok`, `:epipe` if the command did not take all, or what was
  raised. To be asked when the command has ended.
  """
  def result(%{pid: pid, ref: ref}) do
    receive do
      {^ref, result} -> result
    after
      0 -> if Process.alive?(pid), do: :epipe, else: late(ref)
    end
  end

  defp late(ref) do
    receive do
      {^ref, result} -> result
    after
      0 -> :epipe
    end
  end

  def stop(%{pid: pid, ref: ref}) do
    monitor = Process.monitor(pid)
    Process.unlink(pid)
    Process.exit(pid, :kill)

    receive do
      {:DOWN, ^monitor, _, _, _} -> :ok
    end

    # Of an owner that traps exits.
    receive do
      {:EXIT, ^pid, _} -> :ok
    after
      0 -> :ok
    end

    receive do
      {^ref, _} -> :ok
    after
      0 -> :ok
    end
  end
end
