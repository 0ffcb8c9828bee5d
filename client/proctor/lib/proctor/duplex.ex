defmodule Proctor.Duplex do
  @moduledoc """
  A conversation in lines with a command.

      iex> {:ok, session} = Proctor.Duplex.open(["cat"])
      iex> Proctor.Duplex.send_line(session, "hello")
      :ok
      iex> receive do
      ...>   {:proctor_line, ^session, line} -> line
      ...> end
      "hello"
      iex> Proctor.Duplex.close(session)
      :ok

  Messages to the owner, which is who has opened it:

    * `{:proctor_line, session, line}`, `{:proctor_stderr, session, line}` - a line
      without its newline; the last one may have had none
    * `{:proctor_exit, session, status}` - the last of all: `0..255`,
      `{:signal, n}`, `{:spawn_error, error}` if it was not started, or
      `:shim_exited` if the port program has ended
    * `{:proctor_passive, session}` - a number of lines is over: see `:active`

  The session ends with its owner.
  """
  @moduledoc since: "0.1.0"

  alias Proctor.{Command, Error, Result, Signal, Spec}

  @enforce_keys [:pid, :ref]
  defstruct [:pid, :ref]

  @type t :: %__MODULE__{pid: pid(), ref: reference()}

  @doc """
  Opens a session. A command that cannot be started is a `:proctor_exit`.

  Options are those of `Proctor.run/2` but for `:stdout`, `:max_output` and
  `:input`, none of which is required, and

    * `:active` - `true`, unless it is said: all lines come as they are written.
      `:once`, or a number of lines, which `set_active/2` renews, holds up who
      writes more; with `false` they are for `recv_line/3`
    * `:max_line` - bytes; a longer line comes in several
    * `:pty`, `:pty_rows`, `:pty_cols` - it has a terminal, whose lines end in
      `\\r`, and whose stderr is its stdout
    * `:tag` - an atom in the place of `:proctor` in the names of messages
    * `:owner` - another process than the caller
  """
  @doc since: "0.1.0"
  @spec open(Proctor.argv(), [Proctor.option()]) :: {:ok, t()}
  def open([program | args], options \\ []) when is_binary(program) do
    read = Spec.read!(options, "Proctor.Duplex.open/2", Spec.duplex_options())
    read = Map.merge(%{active: true, stdin: :pipe, stdout: :capture, owner: self()}, read)
    ref = make_ref()
    names = names(Map.get(read, :tag, :proctor))
    shape = fn message -> shape(message, %__MODULE__{pid: self(), ref: ref}, names) end
    how = [:monitor, :exit, :lines, message: shape, owner: read.owner]

    case Command.start(program, args, terminal(read), how) do
      {:ok, pid, _os_pid} ->
        {:ok, %__MODULE__{pid: pid, ref: ref}}

      {:error, error} ->
        session = %__MODULE__{pid: spawn(fn -> :ok end), ref: ref}
        send(read.owner, {names.exit, session, reason(error)})
        {:ok, session}
    end
  end

  @doc false
  def child_spec({argv, options}) do
    _ = Keyword.fetch!(options, :owner)

    %{
      id: {__MODULE__, Keyword.fetch!(options, :owner)},
      start: {__MODULE__, :start_link, [argv, options]},
      restart: :temporary
    }
  end

  @doc """
  Opens a session for a supervisor, linked to that: `{Proctor.Duplex, {argv,
  options}}` among its children, with `:owner` among the options.
  """
  @doc since: "0.1.0"
  @spec start_link(Proctor.argv(), [Proctor.option()]) :: {:ok, pid()}
  def start_link(argv, options) do
    {:ok, session} = open(argv, options)
    Process.link(session.pid)
    {:ok, session.pid}
  end

  defp reason(%Error{kind: :port}), do: :shim_exited
  defp reason(error), do: {:spawn_error, error}

  defp terminal(%{pty: terminal} = read) when is_list(terminal) do
    size = Enum.reject([rows: read[:pty_rows], cols: read[:pty_cols]], &match?({_, nil}, &1))
    Map.put(read, :pty, Keyword.merge(terminal, size))
  end

  defp terminal(read), do: read

  defp names(tag) do
    for name <- [:line, :stderr, :exit, :passive], into: %{}, do: {name, :"#{tag}_#{name}"}
  end

  defp shape({:stdout, _, {_, line}}, session, names), do: {names.line, session, line}
  defp shape({:stderr, _, {_, line}}, session, names), do: {names.stderr, session, line}
  defp shape({:passive, _}, session, names), do: {names.passive, session}
  defp shape({:exit, _, exit}, session, names), do: {names.exit, session, status(exit)}

  # Its end was told.
  defp shape({:DOWN, _, _, _, _}, _session, _names), do: :none

  defp status(%{reason: reason}) when reason in [:port_closed, :shutdown, :no_answer],
    do: :shim_exited

  defp status(%{status: status}), do: Result.status(status)

  @doc "Sends a line. Waits for a command that does not read."
  @doc since: "0.1.0"
  @spec send_line(t(), iodata()) :: :ok | {:error, :closed}
  def send_line(session, line), do: write(session, [line, ?\n])

  @doc "Sends what is no line."
  @doc since: "0.1.0"
  @spec write(t(), iodata()) :: :ok | {:error, :closed}
  def write(session, data), do: sent(:proctor.send(session.pid, data))

  @doc "Ends what the command reads."
  @doc since: "0.1.0"
  @spec send_eof(t()) :: :ok | {:error, :closed}
  def send_eof(session), do: sent(:proctor.send(session.pid, :eof))

  defp sent(:ok), do: :ok
  defp sent({:error, _}), do: {:error, :closed}

  @doc """
  A line of a session that is not active, `:eof` behind the last one.
  """
  @doc since: "0.1.0"
  @spec recv_line(t(), :stdout | :stderr, timeout()) ::
          {:ok, binary()} | :eof | {:error, :timeout}
  def recv_line(session, stream \\ :stdout, timeout \\ :infinity) do
    case :proctor.recv(session.pid, stream, timeout) do
      {:ok, {_eol, line}} -> {:ok, line}
      {:error, :timeout} -> {:error, :timeout}
      {:error, _} -> :eof
    end
  end

  @doc "See `:active` of `open/2`; a number is added to what is left of the last one."
  @doc since: "0.1.0"
  @spec set_active(t(), boolean() | :once | integer()) :: :ok | {:error, term()}
  def set_active(session, active), do: :proctor.setopts(session.pid, active: active)

  @doc "Sends a signal."
  @doc since: "0.1.0"
  @spec signal(t(), Signal.t()) :: :ok | {:error, term()}
  def signal(session, signal), do: :proctor.kill(session.pid, Signal.number(signal))

  @doc "Sets the size of its terminal."
  @doc since: "0.1.0"
  @spec resize(t(), pos_integer(), pos_integer()) :: :ok | {:error, term()}
  def resize(session, rows, cols), do: :proctor.winsz(session.pid, rows, cols)

  @doc """
  Ends a session, and waits until nothing of its command is left. One that has
  ended may be closed again.
  """
  @doc since: "0.1.0"
  @spec close(t()) :: :ok
  def close(session) do
    _ = :proctor.stop_and_wait(session.pid, :infinity)
    :ok
  end

  defimpl Inspect do
    def inspect(session, _opts), do: "#Proctor.Duplex<#{Kernel.inspect(session.pid)}>"
  end
end
