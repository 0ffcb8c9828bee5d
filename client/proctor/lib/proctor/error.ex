defmodule Proctor.Error do
  @moduledoc """
  Why a command did not run to its end, or, of a function with a bang, why its
  end was none that was hoped for.

    * `:kind` - `:spawn` if it was not started, `:timeout`, `:idle_timeout`,
      `:max_output`, `:exit` if its status is not 0, `:port` if the port program
      is gone or silent, `:options` for a value that the port program refuses
    * `:stage` and `:posix` - of `:spawn` and `:options`, what failed and with
      which error, as in `stage: :exec, posix: :enoent`
    * `:detail` - what it was about: a file, a stream, an option
    * `:command` - the program's name; its arguments and its environment are
      never told
    * `:result` - a `Proctor.Result` with what was known, or `nil`
  """
  @moduledoc since: "0.1.0"

  @type kind ::
          :spawn | :timeout | :idle_timeout | :max_output | :exit | :port | :options

  @type t :: %__MODULE__{
          kind: kind(),
          stage: atom(),
          posix: atom(),
          detail: term(),
          command: String.t() | nil,
          result: Proctor.Result.t() | nil
        }

  defexception [:kind, :stage, :posix, :detail, :command, :result]

  @impl true
  def message(%__MODULE__{} = error), do: subject(error) <> " " <> sentence(error)

  defp subject(%{command: nil}), do: "the command"
  defp subject(%{command: command}), do: command

  defp sentence(%{kind: :exit, result: %{status: {:signal, :unconfirmed}}}),
    do: "has an end that is not known"

  defp sentence(%{kind: :exit, result: %{reason: :oom}}),
    do: "was killed for lack of memory in its control group"

  defp sentence(%{kind: :exit, result: %{status: {:signal, signal}}}),
    do: "was ended by signal #{signal} (#{Proctor.Signal.name(signal)})"

  defp sentence(%{kind: :exit, result: %{status: status}}), do: "exited with #{status}"
  defp sentence(%{kind: :timeout}), do: "took longer than its timeout"

  defp sentence(%{kind: :idle_timeout}),
    do: "wrote nothing for longer than its idle_timeout"

  defp sentence(%{kind: :max_output}), do: "wrote more than max_output"

  defp sentence(%{kind: :port, posix: :etimedout}),
    do: "has no known end: the port program answers nothing"

  defp sentence(%{kind: :port, detail: :not_started}),
    do: "cannot run: proctor is not started"

  defp sentence(%{kind: :port, detail: {:not_started, name}}),
    do: "cannot run: there is no instance #{inspect(name)}"

  defp sentence(%{kind: :port}), do: "has no known end: the port program is gone"

  defp sentence(%{kind: :options, detail: detail}),
    do: "cannot run with these options: #{option(detail)}"

  defp sentence(%{stage: :limit, posix: :eperm, detail: name}),
    do: "cannot run: it is permitted less than it asks for#{about(name)}"

  defp sentence(%{stage: stage, posix: posix, detail: detail}),
    do: "cannot run: #{stage(stage)}: #{posix(posix)}#{about(detail)}"

  defp stage(:cgroup), do: "control group"
  defp stage(stage), do: stage

  # `{Name, Why}`, an option, or only what it is about.
  defp option({name, why}) when is_atom(name) and is_list(why), do: "#{name}: #{why}"
  defp option({:arg, n}), do: "argument #{n} is no text, or has a NUL byte"
  defp option({name, _value}) when is_atom(name), do: "a bad value of #{name}"
  defp option(name) when is_atom(name), do: "a bad value of #{name}"
  defp option(tuple) when is_tuple(tuple), do: option(elem(tuple, 0))
  defp option(_), do: "one of them has a bad value"

  # In the words of the system, where they are known.
  defp posix(posix) do
    case :file.format_error(posix) do
      ~c"unknown POSIX error" -> to_string(posix)
      text -> to_string(text)
    end
  end

  defp about(detail) when is_binary(detail) and detail != "",
    do: " (#{inspect(detail, binaries: :as_strings)})"

  defp about(_), do: ""

  @doc false
  def from_erlang({:options, :einval, what}, command),
    do: %__MODULE__{
      kind: :options,
      stage: :options,
      posix: :einval,
      detail: what,
      command: command
    }

  def from_erlang({:port, posix, detail}, command),
    do: %__MODULE__{kind: :port, stage: :port, posix: posix, detail: detail, command: command}

  def from_erlang({stage, posix, detail}, command),
    do: %__MODULE__{kind: :spawn, stage: stage, posix: posix, detail: detail, command: command}

  def from_erlang(reason, command) when reason in [:no_answer, :no_reply],
    do: from_erlang({:port, :etimedout, reason}, command)

  def from_erlang(reason, command), do: from_erlang({:port, :eio, reason}, command)

  defimpl Inspect do
    import Proctor.Shown

    def inspect(error, opts) do
      names = [:kind, :command, :stage, :posix, :detail, :result]
      document("Proctor.Error", members(error, names, opts), opts)
    end
  end
end
