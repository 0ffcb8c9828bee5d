defmodule Proctor.Process do
  @moduledoc """
  A command that runs, to write to, to read from and to signal.

      iex> {:ok, cat} = Proctor.Process.start(["cat"])
      iex> Proctor.Process.write(cat, "hello\\n")
      :ok
      iex> Proctor.Process.read(cat)
      {:ok, "hello\\n"}
      iex> Proctor.Process.close_stdin(cat)
      :ok
      iex> Proctor.Process.read(cat)
      :eof
      iex> {:ok, exit} = Proctor.Process.await(cat)
      iex> exit.status
      0

  Any process may use it. It ends with the one that has started it, which
  `start_link/2` also links to it: a command that fails then is an exit signal.

  It waits for whoever reads it, as soon as it is `:window` bytes ahead. Where
  `:active` says so its output and its end come as messages to the process that
  has started it, with `ref` of the struct as their tag:

    * `{:stdout, ref, data}`, `{:stderr, ref, data}`
    * `{:exit, ref, exit}`, a `Proctor.Exit` in the words of Erlang: see
      `exit/1`
    * `{:cgroup, ref, events}`, with `:cgroup_events`, however active it is: a limit
      of its control group was met; `:oom_kill`, `:pids_denied` and `:memory_high`
      say how often so far. What was met in a tree of version 1 its exit alone says

  The struct is `Collectable`, what is put into it is written, and `Enumerable`:
  its output piece by piece, to the end.
  """
  @moduledoc since: "0.1.0"

  alias Proctor.{Command, Error, Exit, Signal, Spec}

  @enforce_keys [:pid, :os_pid, :ref, :node, :command]
  defstruct [:pid, :os_pid, :ref, :node, :command]

  @type t :: %__MODULE__{
          pid: pid(),
          os_pid: pos_integer(),
          ref: term(),
          node: node(),
          command: String.t()
        }

  @type stream :: :stdout | :stderr | :any

  @doc """
  Starts a command.

  Options are those of `Proctor.run/2` but for `:max_output`, none of which is
  required, and

    * `:stdin` - `:pipe`, unless it is said: see `write/3`
    * `:stdout`, `:stderr` - `:capture` is what `read/4` reads; `:stderr` is
      `:console`, unless it is said
    * `:active` - `false`, `true`, `:once` or a number: see `set_active/2`
    * `:pty` - `true`, or `[rows: 24, cols: 80, echo: true, modes: [...]]`: it has
      a terminal
    * `:cgroup_events` - whether messages tell of limits that were met (`false`)
    * `:on` - `{:group, name}`, the node of a group with the fewest commands
  """
  @doc since: "0.1.0"
  @spec start(Proctor.argv(), [Proctor.option()]) :: {:ok, t()} | {:error, Error.t()}
  def start([program | args], options \\ []) when is_binary(program),
    do:
      run(program, args, options, "Proctor.Process.start/2", [
        :monitor,
        :await,
        message: &__MODULE__.shape/1
      ])

  @doc false
  # Its end is told by what was asked for, and by nothing else.
  def shape({:DOWN, _, _, _, _}), do: :none
  def shape(message), do: message

  @doc """
  The same, linked to its caller: a command that fails is an exit signal.
  `await/2` has its end only if it was called before that.
  """
  @doc since: "0.1.0"
  @spec start_link(Proctor.argv(), [Proctor.option()]) :: {:ok, t()} | {:error, Error.t()}
  def start_link([program | args], options \\ []) when is_binary(program),
    do: run(program, args, options, "Proctor.Process.start_link/2", [:link])

  defp run(program, args, options, function, how) do
    read = Spec.read!(options, function, Spec.process_options())
    read = Map.merge(%{stdin: :pipe, stderr: :console, active: false}, read)
    ref = make_ref()

    told = if read.active == false, do: [], else: [:exit]

    case Command.start(program, args, read, [{:tag, ref} | told ++ how]) do
      {:ok, pid, os_pid} ->
        {:ok, %__MODULE__{pid: pid, os_pid: os_pid, ref: ref, node: node(pid), command: program}}

      {:error, error} ->
        {:error, error}
    end
  end

  @doc """
  Output of a command that is not active: what there is as soon as there is
  anything, or exactly `size` bytes, less only at its end. Of `:any` stream it
  comes with its name, `{:ok, {:stderr, data}}`.

  `:eof` if the stream has ended. `{:error, :timeout}` loses nothing.
  """
  @doc since: "0.1.0"
  @spec read(t(), stream(), non_neg_integer(), timeout()) ::
          {:ok, binary() | {:stdout | :stderr, binary()}} | :eof | {:error, term()}
  def read(process, stream \\ :stdout, size \\ 0, timeout \\ :infinity)

  def read(process, :any, 0, timeout), do: received(:proctor.recv(process.pid, :any, timeout))

  def read(process, stream, size, timeout) when stream in [:stdout, :stderr],
    do: received(:proctor.recv(process.pid, {stream, size}, timeout))

  defp received({:error, reason}) when reason in [:closed, :no_process], do: :eof
  defp received(other), do: other

  @doc """
  Writes to a command, and waits until it has taken so much that the rest fits
  into its window. `{:error, :closed}` if it reads no more.
  """
  @doc since: "0.1.0"
  @spec write(t(), iodata(), timeout()) :: :ok | {:error, term()}
  def write(process, data, timeout \\ :infinity),
    do: :proctor.send(process.pid, data, timeout: timeout) |> written()

  @doc "Writes if that need not wait: else `{:error, :busy}`, and nothing is written."
  @doc since: "0.1.0"
  @spec try_write(t(), iodata()) :: :ok | {:error, term()}
  def try_write(process, data), do: :proctor.send_nowait(process.pid, data) |> written()

  defp written({:error, :no_process}), do: {:error, :closed}
  defp written(other), do: other

  @doc "Ends the input of a command."
  @doc since: "0.1.0"
  @spec close_stdin(t()) :: :ok | {:error, term()}
  def close_stdin(process), do: :proctor.send(process.pid, :eof) |> written()

  @doc """
  Has output come as messages: `true`, `false`, `:once`, or a number of them,
  which is added to what is left of the last one; when that is over
  `{:passive, ref}` comes.
  """
  @doc since: "0.1.0"
  @spec set_active(t(), boolean() | :once | integer()) :: :ok | {:error, term()}
  def set_active(process, active), do: :proctor.setopts(process.pid, active: active)

  @doc """
  Stops a command: its stop signal, and SIGKILL when its `:kill_grace` is over.
  Waits for its end, at most `timeout` milliseconds; with 0 it does not wait.
  To stop one that has ended is no error.
  """
  @doc since: "0.1.0"
  @spec stop(t(), timeout()) :: :ok | {:error, term()}
  def stop(process, timeout \\ :infinity)

  def stop(process, 0) do
    case :proctor.stop(process.pid) do
      {:error, :no_process} -> :ok
      other -> other
    end
  end

  def stop(process, timeout) do
    case :proctor.stop_and_wait(process.pid, timeout) do
      {:error, :no_process} -> :ok
      {:error, _} = error -> error
      _reason -> :ok
    end
  end

  @doc """
  Sends a signal, as in `:sigterm`, `:term` or `15`.
  """
  @doc since: "0.1.0"
  @spec signal(t(), Signal.t()) :: :ok | {:error, term()}
  def signal(process, signal), do: :proctor.kill(process.pid, Signal.number(signal))

  @doc "Sets the size of its terminal."
  @doc since: "0.1.0"
  @spec resize(t(), pos_integer(), pos_integer()) :: :ok | {:error, term()}
  def resize(process, rows, cols), do: :proctor.winsz(process.pid, rows, cols)

  @doc """
  Sets modes of its terminal, by the names of RFC 4254, section 8, in lower case:
  `[echo: false, vintr: 3]`.
  """
  @doc since: "0.1.0"
  @spec pty_modes(t(), keyword()) :: :ok | {:error, term()}
  def pty_modes(process, modes), do: :proctor.pty_opts(process.pid, modes)

  @doc "Puts it into the process group of another command, or with 0 into its own."
  @doc since: "0.1.0"
  @spec set_group(t(), non_neg_integer()) :: :ok | {:error, term()}
  def set_group(process, group), do: :proctor.setpgid(process.pid, group)

  @doc """
  Waits for its end, by whatever it comes, at most `timeout` milliseconds, and
  for as long as nobody reads what it still has to say.
  """
  @doc since: "0.1.0"
  @spec await(t(), timeout()) :: {:ok, Exit.t()} | {:error, term()}
  def await(process, timeout \\ :infinity) do
    case :proctor.await(process.pid, timeout) do
      {:ok, exit} -> {:ok, Exit.from_erlang(exit, process.os_pid)}
      {:error, _} = error -> error
    end
  end

  @doc "What the message `{:exit, ref, exit}` says, as `await/2` has it."
  @doc since: "0.1.0"
  @spec exit(map()) :: Exit.t()
  def exit(map), do: Exit.from_erlang(map, nil)

  @doc """
  What its control group uses, and has used: `:path`, `:memory_current`, `:cpu_us`,
  `:pids_current` and more, see `:proctor_cgroup`.
  """
  @doc since: "0.1.0"
  @spec stats(t()) :: {:ok, map()} | {:error, term()}
  def stats(process), do: :proctor.stats(process.pid)

  @doc """
  Sets limits of its control group, as `:cgroup` of `Proctor.run/2` has them; those
  that are not named stay.
  """
  @doc since: "0.1.0"
  @spec set_cgroup(t(), map() | keyword()) :: :ok | {:error, term()}
  def set_cgroup(process, limits), do: :proctor.cgroup_set(process.pid, Spec.limits(limits))

  @doc """
  Holds it until `resume/1`: all of its control group is frozen, `{:ok, :cgroup}`, or
  where it has none its process group gets SIGSTOP, `{:ok, :signal}`.

      iex> {:ok, sleep} = Proctor.Process.start(["sleep", "1000"])
      iex> {:ok, _how} = Proctor.Process.pause(sleep)
      iex> {:ok, _how} = Proctor.Process.resume(sleep)
      iex> Proctor.Process.stop(sleep)
      :ok
  """
  @doc since: "0.1.0"
  @spec pause(t()) :: {:ok, :cgroup | :signal} | {:error, term()}
  def pause(process), do: :proctor.pause(process.pid)

  @doc "Lets it go on."
  @doc since: "0.1.0"
  @spec resume(t()) :: {:ok, :cgroup | :signal} | {:error, term()}
  def resume(process), do: :proctor.resume(process.pid)

  @doc "What there is to say of it."
  @doc since: "0.1.0"
  @spec info(t()) :: {:ok, map()} | {:error, term()}
  def info(process), do: :proctor.info(process.pid)

  @doc """
  Takes over the watch of a process of one's own that was started elsewhere. It
  can be signalled, stopped and waited for; its status is not known.

  Takes `:kill`, `:kill_grace`, `:stop_signal`, `:kill_group`, `:nice`,
  `:instance` and `:node`.
  """
  @doc since: "0.1.0"
  @spec manage(pos_integer(), [Proctor.option()]) :: {:ok, t()} | {:error, Error.t()}
  def manage(os_pid, options \\ []) when is_integer(os_pid) do
    read = Spec.read!(options, "Proctor.Process.manage/2", Spec.manage_options())
    name = "process #{os_pid}"

    case :proctor.manage(os_pid, [{:errors, :term}, :monitor | Spec.to_erlang(read, false)]) do
      {:ok, pid, os_pid} ->
        {:ok, %__MODULE__{pid: pid, os_pid: os_pid, ref: nil, node: node(pid), command: name}}

      {:error, reason} ->
        {:error, Error.from_erlang(reason, name)}
    end
  end

  @doc "The Erlang process of an OS process, or `nil`. Takes `:instance` and `:node`."
  @doc since: "0.1.0"
  @spec lookup(pos_integer(), [Proctor.option()]) :: pid() | nil
  def lookup(os_pid, options \\ []) when is_integer(os_pid) do
    read = Spec.read!(options, "Proctor.Process.lookup/2", [:instance, :node])

    case :proctor.pid({os_pid, Map.to_list(read)}) do
      pid when is_pid(pid) -> pid
      _ -> nil
    end
  end

  defimpl Collectable do
    def into(process) do
      collect = fn
        process, {:cont, data} ->
          case Proctor.Process.write(process, data) do
            :ok -> process
            {:error, reason} -> raise Proctor.Error.from_erlang(reason, process.command)
          end

        process, :done ->
          process

        _process, :halt ->
          :ok
      end

      {process, collect}
    end
  end

  defimpl Enumerable do
    def reduce(process, acc, fun) do
      Stream.repeatedly(fn -> Proctor.Process.read(process) end)
      |> Stream.take_while(&match?({:ok, _}, &1))
      |> Stream.map(&elem(&1, 1))
      |> Enumerable.reduce(acc, fun)
    end

    def count(_process), do: {:error, __MODULE__}
    def member?(_process, _element), do: {:error, __MODULE__}
    def slice(_process), do: {:error, __MODULE__}
  end

  defimpl Inspect do
    def inspect(process, _opts) do
      ~s(#Proctor.Process<#{process.os_pid} #{Kernel.inspect(process.command)} #{Kernel.inspect(process.pid)}>)
    end
  end
end
