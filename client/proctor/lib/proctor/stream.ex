defmodule Proctor.Stream do
  @moduledoc """
  The output of a command, piece by piece or line by line, as fast as whoever
  takes it.

  A stream runs nothing before it is enumerated, and each enumeration runs the
  command anew. When the enumeration is over, by the end of the command, by
  `Enum.take/2`, an exception or the death of the process, the command and its
  process group have ended, and no message is left behind.
  """
  @moduledoc since: "0.1.0"

  alias Proctor.{Command, Exit, Feeder, Spec}

  defmodule Error do
    @moduledoc """
    The end of a stream that is none that was hoped for. It comes when all of the
    output has been taken.

      * `:status` - what the command exited with, see `Proctor.Result`, or `nil`
        if it was not started
      * `:reason` - `nil`; a `Proctor.Error` if it was not started or its end is
        not known; `:epipe` if it did not take all of its input
      * `:stderr` - what it wrote there, as far as that was collected
      * `:timed_out`, `:idle_timed_out` - whether its time was over
      * `:usage`, `:os_pid` - see `Proctor.Result`
      * `:command` - the program's name, without its arguments
    """
    @moduledoc since: "0.1.0"

    @type t :: %__MODULE__{
            status: Proctor.Result.status() | nil,
            reason: nil | :epipe | Proctor.Error.t(),
            stderr: binary(),
            timed_out: boolean(),
            idle_timed_out: boolean(),
            usage: map(),
            os_pid: pos_integer() | nil,
            command: String.t() | nil
          }

    defexception status: nil,
                 reason: nil,
                 stderr: "",
                 timed_out: false,
                 idle_timed_out: false,
                 usage: %{},
                 os_pid: nil,
                 command: nil

    @impl true
    def message(%{reason: %Proctor.Error{} = reason}), do: Exception.message(reason)
    def message(%{reason: :epipe} = error), do: "#{error.command} did not take all of its input"

    def message(error) do
      kind =
        cond do
          error.timed_out -> :timeout
          error.idle_timed_out -> :idle_timeout
          true -> :exit
        end

      Exception.message(%Proctor.Error{
        kind: kind,
        command: error.command,
        result: %{status: error.status}
      })
    end

    defimpl Inspect do
      import Proctor.Shown

      def inspect(error, opts) do
        names = [:command, :status, :reason, :timed_out, :idle_timed_out, :stderr]
        document("Proctor.Stream.Error", members(error, names, opts), opts)
      end
    end
  end

  @doc """
  The lines of a command's standard output, without their newline.

  `:timeout` (or `:timeout_ms`) is required, when this is called. Without a
  window the command is never held up; with `:window` (or `:window_bytes`,
  `backpressure: true` for 65,536 bytes) it waits for who takes the lines, and
  such a pause is none of its `:idle_timeout`. Standard error is collected.

      iex> Proctor.Stream.lines(["seq", "3"], timeout_ms: 5_000) |> Enum.to_list()
      ["1", "2", "3"]

      iex> Proctor.Stream.lines(["yes"], timeout_ms: 5_000, backpressure: true) |> Enum.take(2)
      ["y", "y"]

  Raises `Proctor.Stream.Error` behind the last line if the command does not end
  with 0.

  The options are those of `Proctor.run/2`, but for `:stdout` and `:max_output`,
  and `:max_line`: what is longer comes in several lines.
  """
  @doc since: "0.1.0"
  @spec lines(Proctor.argv(), [Proctor.option()]) :: Enumerable.t()
  def lines([program | args], options) when is_binary(program) do
    read = Spec.read!(options, "Proctor.Stream.lines/2", Spec.line_options())
    Keyword.has_key?(options, :timeout) || Keyword.fetch!(options, :timeout_ms)
    read = eager(read)
    split = {:lines, Map.get(read, :max_line, :infinity)}
    resource(program, args, Map.drop(read, [:max_line, :backpressure]), split, :raise)
  end

  defp eager(%{window: 0}), do: raise(ArgumentError, "option window_bytes must be positive")
  defp eager(%{window: _} = read), do: read
  defp eager(%{backpressure: true} = read), do: Map.put(read, :window, 65_536)
  defp eager(read), do: Map.put(read, :window, :infinity)

  @doc false
  def chunks(program, args, read, ending) do
    chunk = Map.get(read, :max_chunk_size, 65_536)
    resource(program, args, Map.delete(read, :max_chunk_size), {:chunks, chunk}, ending)
  end

  # `ending`: :raise, or :tell for an element of its own.
  defp resource(program, args, read, split, ending) do
    Stream.resource(
      fn -> start(program, args, read, split, ending) end,
      &next/1,
      &stop/1
    )
  end

  defp start(program, args, read, split, ending) do
    {input, read} = Feeder.divide(read)
    state = %{program: program, ending: ending, pieces: pieces(split), feeder: nil, read: read}

    case Command.open(program, args, read) do
      {:ok, reader} ->
        feeder = input && Feeder.start(input, :proctor_reader.process(reader))
        Map.merge(state, %{reader: reader, feeder: feeder, phase: :output})

      {:error, error} ->
        Map.merge(state, %{reader: nil, phase: {:failed, error}})
    end
  end

  defp pieces({:lines, max}), do: {:lines, :proctor_lines.new(max, :keep)}
  defp pieces({:chunks, size}), do: {:chunks, size}

  defp next(%{phase: :output} = state) do
    case :proctor_reader.next(streams(state.read), state.reader) do
      {:ok, {stream, data}} ->
        {list, _} = cut(data, state.pieces)
        {for(piece <- list, do: {stream, piece}), state}

      {:ok, data} ->
        {list, pieces} = cut(data, state.pieces)
        {list, %{state | pieces: pieces}}

      :ended ->
        {[], %{state | phase: {:ended, :proctor_reader.await_exit(state.reader)}}}

      {:error, reason} ->
        {[], %{state | phase: {:ended, reason}}}
    end
  end

  defp next(%{phase: {:ended, exit}} = state),
    do: {rest(state.pieces), %{state | phase: {:told, exit}}}

  defp next(%{phase: {:failed, error}} = state), do: ended(error, state)

  defp next(%{phase: {:told, exit}} = state) when is_map(exit) and exit.reason != :shutdown,
    do: ended(Exit.from_erlang(exit, :proctor_reader.os_pid(state.reader)), state)

  defp next(%{phase: {:told, exit}} = state) do
    {reason, known} =
      case exit do
        %{} -> {:port_closed, exit}
        {why, known} -> {why, known}
        why -> {why, %{}}
      end

    error = Proctor.Error.from_erlang(reason, state.program)
    over(%Error{bad(error, state) | stderr: Map.get(known, :stderr, "")}, error, state)
  end

  defp next(%{phase: :over} = state), do: {:halt, state}

  defp streams(%{stderr: :consume}), do: :any
  defp streams(_), do: :stdout

  defp ended(%Proctor.Error{} = error, state), do: over(bad(error, state), error, state)

  defp ended(%Exit{} = exit, state) do
    fed = if state.feeder, do: Feeder.result(state.feeder), else: :ok

    case fed do
      {:raise, kind, reason, stack} ->
        :erlang.raise(kind, reason, stack)

      :epipe when not is_map_key(state.read, :ignore_epipe) ->
        over(bad(exit, state, :epipe), exit, state)

      _ when exit.status == 0 and exit.reason == :normal ->
        over(nil, exit, state)

      _ ->
        over(bad(exit, state, nil), exit, state)
    end
  end

  defp over(nil, _told, %{ending: :raise} = state), do: {:halt, state}
  defp over(error, _told, %{ending: :raise}), do: raise(error)

  defp over(%Error{reason: :epipe}, exit, state),
    do: {[{:exit, %{exit | reason: :epipe}}], %{state | phase: :over}}

  defp over(_error, told, state), do: {[{:exit, told}], %{state | phase: :over}}

  defp bad(error, state), do: %Error{reason: error, command: state.program}

  defp bad(exit, state, reason) do
    %Error{
      status: exit.status,
      reason: reason,
      stderr: exit.stderr,
      timed_out: exit.reason == :timeout,
      idle_timed_out: exit.reason == :idle_timeout,
      usage: exit.usage,
      os_pid: exit.os_pid,
      command: state.program
    }
  end

  defp stop(%{feeder: feeder, reader: reader}) do
    feeder && Feeder.stop(feeder)
    reader && :proctor_reader.close(reader)
  end

  defp cut(data, {:lines, lines}) do
    {complete, lines} = :proctor_lines.split(data, lines)
    {complete, {:lines, lines}}
  end

  defp cut(data, {:chunks, size} = pieces), do: {chunk(data, size), pieces}

  defp chunk(data, size) when byte_size(data) <= size, do: [data]

  defp chunk(data, size) do
    <<first::binary-size(size), rest::binary>> = data
    [first | chunk(rest, size)]
  end

  defp rest({:lines, lines}), do: :proctor_lines.rest(lines)
  defp rest({:chunks, _}), do: []
end
