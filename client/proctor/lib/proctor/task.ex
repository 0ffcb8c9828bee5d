defmodule Proctor.Task do
  @moduledoc """
  Trees of processes that are driven by system calls.

      iex> {:ok, root} = Proctor.Task.start()
      iex> {:ok, task} = Proctor.Task.fork(root)
      iex> {:ok, [_, _]} = Proctor.Task.run(task, chdir: ["/"], umask: [0o077])
      iex> Proctor.Task.exec(task, ["pwd"])
      :ok
      iex> Proctor.Task.read(task)
      {:ok, "/\\n"}
      iex> {:ok, exit} = Proctor.Task.await(task)
      iex> exit.status
      {:exited, 0}
      iex> Proctor.Task.stop(root)
      :ok

  A task is a process of the system that waits for calls to carry out: it can fork,
  restrict and isolate itself, and at last become a program. The guide `task` has
  what can be done with them, and `:proctor_task` what the calls do.

  A task is a pid, and belongs to the process that has forked it: only that one may
  have it carry out calls, and with its end the task and all below it end. The
  owner gets messages:

    * `{:proctor_task, task, {:signal, name, info}}` - the task has caught a signal
    * `{:proctor_task, task, {:stdout, data}}`, `{:stderr, data}`, `{:eof, stream}`,
      `:passive` - of a program that is active
    * `{:proctor_task, task, {:exit, exit}}` - its end: see `await/2`
  """
  @moduledoc since: "0.1.0"

  alias Proctor.{Signal, Spec}
  alias Proctor.Task.Error

  @type t :: pid()

  @typedoc "A call and its arguments; `{:exec, argv, options}` as the last of a list."
  @type op :: {atom(), [term()]} | {:exec, Proctor.argv(), keyword()}

  @typedoc "Where a stream of a program goes."
  @type target :: :pipe | :null | :close | {:file, Path.t()} | {:append, Path.t()}

  @type exit :: %{
          status: {:exited, 0..255} | {:signaled, 1..127, boolean()} | :unknown,
          cause: :itself | :stopped | :parent | :tree | :lie,
          usage: %{optional(atom()) => non_neg_integer()}
        }

  @doc """
  Starts a tree, and returns its root.

  Options are `:instance`, `:node`, `:user`, `:group`, `:groups`, `:cgroup`, `:cd`,
  `:env`, `:clear_env`, `:rlimit`, `:nice`, `:umask`, `:capabilities` as `Proctor.run/2`
  has them, and

    * `:owner` - another process than the caller
    * `:program` - where `proctor-task` is, if it is not beside the port program
    * `:args` - options of that program
    * `:max_children` - how many children a task may have
    * `:kill_grace` - milliseconds for programs to end when the tree does (5,000)
    * `:start_timeout` - milliseconds for the program to say what it is (30,000)
  """
  @doc since: "0.1.0"
  @spec start(keyword()) :: {:ok, t()} | {:error, Error.t()}
  def start(options \\ []) do
    read = Spec.read!(options, "Proctor.Task.start/1", Spec.task_options())
    names = [:owner, :program, :args, :max_children, :kill_grace, :start_timeout]
    {own, run} = Map.split(read, names)
    run = run |> Spec.to_erlang() |> Keyword.delete(:kill_timeout)

    own =
      Enum.map(own, fn
        {:max_children, value} -> {:maxchild, value}
        {:kill_grace, value} -> {:kill_timeout, value}
        other -> other
      end)

    answer(:proctor_task.start(own ++ run))
  end

  @doc """
  Has a task make a child.

  Options: `:timeout` (5,000), and `:owner`, a pid, or `nil` for a task that anybody
  may call and that ends with its parent.
  """
  @doc since: "0.1.0"
  @spec fork(t(), keyword()) :: {:ok, t()} | {:error, Error.t()}
  def fork(task, options \\ []),
    do: answer(:proctor_task.fork(task, how(options, "Proctor.Task.fork/2")))

  @doc """
  The same with namespaces of its own, as in `[:clone_newuser, :clone_newpid]`.
  """
  @doc since: "0.1.0"
  @spec clone(t(), [atom()] | integer(), keyword()) :: {:ok, t()} | {:error, Error.t()}
  def clone(task, flags, options \\ []),
    do: answer(:proctor_task.clone(task, flags, how(options, "Proctor.Task.clone/3")))

  defp how(options, function) do
    known!(options, [:timeout, :owner], function)

    Enum.map(options, fn
      {:owner, nil} -> {:owner, :none}
      other -> other
    end)
  end

  defp known!(options, names, function) do
    unless Keyword.keyword?(options),
      do: raise(ArgumentError, "#{function}: options must be a keyword list")

    for {name, _} <- options, name not in names do
      raise ArgumentError, "#{function}: there is no option #{inspect(name)}"
    end
  end

  @doc """
  Has a task carry out a call. If that takes longer than `timeout` it is interrupted.

      iex> {:ok, root} = Proctor.Task.start()
      iex> Proctor.Task.call(root, :getcwd) == {:ok, File.cwd!()}
      true
      iex> {:error, error} = Proctor.Task.call(root, :chdir, ["/nowhere"])
      iex> {error.stage, error.posix, Exception.message(error)}
      {:call, :enoent, "chdir: no such file or directory"}
      iex> Proctor.Task.stop(root)
      :ok
  """
  @doc since: "0.1.0"
  @spec call(t(), atom(), [term()], timeout()) :: :ok | {:ok, term()} | {:error, Error.t()}
  def call(task, name, args \\ [], timeout \\ 5_000),
    do: answer(:proctor_task.call(task, name, args, timeout))

  @doc "The value of a call. Raises `Proctor.Task.Error` if it fails."
  @doc since: "0.1.0"
  @spec call!(t(), atom(), [term()], timeout()) :: term()
  def call!(task, name, args \\ [], timeout \\ 5_000) do
    case call(task, name, args, timeout) do
      :ok -> :ok
      {:ok, value} -> value
      {:error, error} -> raise error
    end
  end

  @doc """
  Has a task carry out calls in their order, all in one message. It ends with the
  first that fails: the error has its `:index`, from 0, and the `:results` before
  it.

  Options: `:timeout` for all of them (5,000), and `:on_error`, `:stop` or
  `:continue`; then all are carried out, and errors, as Erlang has them, are among
  the results.
  """
  @doc since: "0.1.0"
  @spec run(t(), [op()], keyword()) :: {:ok, [term()]} | {:error, Error.t()}
  def run(task, ops, options \\ []) do
    known!(options, [:timeout, :on_error], "Proctor.Task.run/3")

    ops =
      Enum.map(ops, fn
        {:exec, argv, exec} -> {:exec, argv, program(exec, "Proctor.Task.run/3")}
        other -> other
      end)

    case :proctor_task.run(task, ops, options) do
      {:ok, results} -> {:ok, results}
      {:error, {n, {_, _, _} = error, results}} -> {:error, Error.new(error, n - 1, results)}
      {:error, error} -> {:error, Error.new(error)}
    end
  end

  @doc """
  A filter of system calls, by their names, for a task and all that it makes and
  becomes: `%{default: :allow, calls: [{:ptrace, :kill}]}`. It wants `no_new_privs`
  (`prctl`); what a task needs itself is `loop_calls/0`.
  """
  @doc since: "0.1.0"
  @spec seccomp(t(), %{default: term(), calls: [tuple()]}) :: :ok | {:error, Error.t()}
  def seccomp(task, rules), do: answer(:proctor_task.seccomp(task, rules))

  @doc "The system calls that a task needs to carry out others."
  @doc since: "0.1.0"
  @spec loop_calls() :: [atom()]
  def loop_calls, do: :proctor_task.loop_calls()

  @doc """
  Has a task become a program.

  Options:

    * `:env` - exactly this environment; the task's, unless it is said
    * `:cd`, `:arg0`
    * `:search` - whether the program is found through `PATH` (`true`)
    * `:stdin`, `:stdout`, `:stderr` - `t:target/0`; output may also go to a pid
    * `:pty` - `true`, or `{rows, columns}`
    * `:active` - `false`, unless it is said: see `set_active/2`
    * `:window` - bytes that it may be ahead of who reads it
    * `:signals` - `:default`: what the task ignores the program does not
    * `:timeout` - for the start
  """
  @doc since: "0.1.0"
  @spec exec(t(), Proctor.argv(), keyword()) :: :ok | {:error, Error.t()}
  def exec(task, argv, options \\ []),
    do: answer(:proctor_task.exec(task, argv, program(options, "Proctor.Task.exec/3")))

  defp program(options, function) do
    known!(
      options,
      ~w(env cd arg0 search stdin stdout stderr pty active window signals timeout)a,
      function
    )

    options
    |> Keyword.put_new(:active, false)
    |> Enum.map(fn
      {:env, env} -> {:env, Enum.map(env, fn {name, value} -> {to_string(name), value} end)}
      other -> other
    end)
  end

  @doc "Writes to a program, and waits until the rest fits into its window."
  @doc since: "0.1.0"
  @spec write(t(), iodata(), timeout()) :: :ok | {:error, :closed | :timeout | Error.t()}
  def write(task, data, timeout \\ :infinity), do: answer(:proctor_task.send(task, data, timeout))

  @doc "Ends the input of a program."
  @doc since: "0.1.0"
  @spec close_stdin(t()) :: :ok | {:error, :closed | Error.t()}
  def close_stdin(task), do: answer(:proctor_task.close(task, :stdin))

  @doc """
  Output of a program that is not active, as `Proctor.Process.read/4`.
  """
  @doc since: "0.1.0"
  @spec read(t(), :stdout | :stderr | :any, non_neg_integer(), timeout()) ::
          {:ok, binary() | {:stdout | :stderr, binary()}} | :eof | {:error, term()}
  def read(task, stream \\ :stdout, size \\ 0, timeout \\ :infinity) do
    case :proctor_task.recv(task, {stream, size}, timeout) do
      {:error, :closed} -> :eof
      other -> answer(other)
    end
  end

  @doc "Has output come as messages: `true`, `false`, `:once`, or a number of them."
  @doc since: "0.1.0"
  @spec set_active(t(), boolean() | :once | integer()) :: :ok | {:error, term()}
  def set_active(task, active), do: answer(:proctor_task.setopts(task, active: active))

  @doc "Sets the size of a program's terminal."
  @doc since: "0.1.0"
  @spec resize(t(), pos_integer(), pos_integer()) :: :ok | {:error, Error.t()}
  def resize(task, rows, columns), do: answer(:proctor_task.winsz(task, rows, columns))

  @doc """
  Sends a signal to a task or the program that it has become, to its `:group`, or to
  the `:subtree` below it.
  """
  @doc since: "0.1.0"
  @spec signal(t(), Signal.t(), :process | :group | :subtree) :: :ok | {:error, Error.t()}
  def signal(task, signal, scope \\ :process),
    do: answer(:proctor_task.signal(task, Signal.number(signal), scope))

  @doc "Waits for the end of a task of the caller's."
  @doc since: "0.1.0"
  @spec await(t(), timeout()) :: {:ok, exit()} | {:error, Error.t()}
  def await(task, timeout \\ :infinity), do: answer(:proctor_task.await(task, timeout))

  @doc """
  Ends a task and all below it: SIGTERM, and SIGKILL after so many milliseconds.
  All are gone when it returns.
  """
  @doc since: "0.1.0"
  @spec stop(t(), non_neg_integer()) :: :ok | {:error, Error.t()}
  def stop(task, ms \\ 5_000), do: answer(:proctor_task.stop(task, ms))

  @doc "Gives a task to another process, or to nobody (`nil`)."
  @doc since: "0.1.0"
  @spec give_away(t(), pid() | nil) :: :ok | {:error, Error.t()}
  def give_away(task, owner),
    do: answer(:proctor_task.controlling_process(task, owner || :none))

  @doc "What is known of a task."
  @doc since: "0.1.0"
  @spec info(t()) :: {:ok, map()} | {:error, Error.t()}
  def info(task), do: answer(:proctor_task.info(task))

  @doc "All tasks of its tree."
  @doc since: "0.1.0"
  @spec tree(t()) :: {:ok, [map()]} | {:error, Error.t()}
  def tree(task), do: answer(:proctor_task.tree(task))

  @doc "The calls that there are."
  @doc since: "0.1.0"
  @spec calls(t()) :: {:ok, [atom()]} | {:error, Error.t()}
  def calls(task), do: answer(:proctor_task.calls(task))

  @doc "An option of a task, or with a value, sets it."
  @doc since: "0.1.0"
  @spec option(t(), atom(), :get | integer()) :: {:ok, integer()} | {:error, Error.t()}
  def option(task, name, value \\ :get), do: answer(:proctor_task.option(task, name, value))

  defp answer({:error, reason}) when is_atom(reason), do: {:error, reason}
  defp answer({:error, reason}), do: {:error, Error.new(reason)}
  defp answer(other), do: other
end
