defmodule Proctor do
  @moduledoc """
  Runs operating-system processes.

      iex> {:ok, result} = Proctor.run(["echo", "hello"], timeout: 5_000)
      iex> {result.status, result.stdout}
      {0, "hello\\n"}

  The first word is a program, found through `PATH`, the others are its
  arguments; there is no shell between (see `shell/2`). A command that has not
  ended when its caller dies is ended, and so is all that it has started; nothing
  outlives the node.

  ## Options

  Those of `run/2`, most of which the other functions take as well. An option
  that there is not, or that a function does not take, is an `ArgumentError`.

    * `:timeout` (or `:timeout_ms`) - milliseconds, or `:infinity`; then it is
      stopped, with all of its process group
    * `:idle_timeout` (or `:idle_timeout_ms`) - milliseconds without any output,
      after which it is stopped
    * `:kill_grace` (or `:kill_grace_ms`, `:delay_to_sigkill`) - milliseconds
      from the signal that asks it to end to SIGKILL (5,000; of `cmd/3` and `shell/2`
      500)
    * `:stop_signal` - what asks it to end, as in `:sigint` (`:sigterm`)
    * `:kill` - a shell command that asks it to end, and finds its process in
      `CHILD_PID`
    * `:kill_group` - whether all of its process group is ended with it (`true`)
    * `:linger` - milliseconds that its output is read after its end for others
      that still hold it, as a `tee` may (500)
    * `:cd` - its directory
    * `:env` - names and values to add to the environment; `nil` unsets
    * `:clear_env` - whether it has nothing but `:env` (`false`)
    * `:arg0` - what it is told that it is called
    * `:user`, `:group`, `:groups` - whom it runs as, by name or by number: with
      which primary group and with exactly which others, as far as a rule of
      `proctor.conf` has these
    * `:nice`, `:umask`, `:capabilities`
    * `:cgroup` - `true`: it has a control group of its own, and whatever it has
      started is gone when its end is told. A map or a keyword list: with these
      limits, or it does not run: `:memory_max`, `:memory_high`, `:memory_low`,
      `:memory_min`, `:memory_swap_max` (bytes or `:max`), `:memory_oom_group`,
      `:pids_max`, `:cpu_max` (`{quota_us, period_us}`), `:cpu_weight`,
      `:cpu_idle`, `:cpuset_cpus`, `:cpuset_mems` (`"0-3"`), `:io_weight`, `:io_max`
      (`[{"8:0", %{rbps: 1_000_000}}]`), and `:name`, its own. `:auto`: where there
      are control groups. `false`: none, whatever the instance has for all
    * `:rlimit` - how much its process may have of what setrlimit(2) limits, and
      each that it starts for itself, as in `[nofile: 100, core: {0, :infinity}]`:
      a number for both limits, or the soft one and the hard one
    * `:cpu_timeout` - seconds of a processor's time that its process may use by
      itself, after which it is ended as by `:timeout`
    * `:cpus` - which processors it runs on, as in `"0-3,5"`
    * `:ionice` - its turn at disks: `:idle`, `{:best_effort, 0..7}` or
      `{:realtime, 0..7}`
    * `:oom_score_adj` - how much sooner than others it is killed when memory is
      short, to 1,000
    * `:no_new_privs` - whether no program that it runs gives it more rights
    * `:input` - what it reads, as iodata
    * `:stdin` - if there is no input, `:null`, `:close` or `{:file, path}`
    * `:stdout`, `:stderr` - `:capture`, `:discard`, `:close`, `:console`,
      `{:file, path, [append: true, mode: 0o600]}`, a function of one argument
      or a pid; for `:stderr` also `:merge`, and for `:stdout` any `Collectable`
    * `:merge_stderr` (or `:stderr_to_stdout`) - the same as `stderr: :merge`
    * `:max_output` - bytes of output, after which it is stopped
    * `:window` - bytes that it may be ahead of who reads it
    * `:instance`, `:node` - who runs it
    * `:telemetry`, `:telemetry_metadata` - see `Proctor.Telemetry`
  """
  @moduledoc since: "0.1.0"

  alias Proctor.{Command, Error, Options, Result, Spec}

  @typedoc "A program and its arguments."
  @type argv :: [String.t(), ...]

  @type option :: {atom(), term()}

  @doc """
  Runs a command and waits for its end.

  Whatever its status, it is a result. `:timeout` is required.

      iex> Proctor.run(["false"], timeout: 5_000) |> elem(1) |> Map.get(:status)
      1

      iex> {:error, {:timeout, result}} = Proctor.run(["sleep", "10"], timeout: 50)
      iex> result.status
      {:signal, 15}

      iex> {:error, {:spawn, error}} = Proctor.run(["no-such-program"], timeout: 50)
      iex> {error.stage, error.posix}
      {:exec, :enoent}

  Errors are `{:timeout, result}`, `{:idle_timeout, result}`, `{:max_output,
  result}`, and `{:spawn, reason}`, whose reason is a `Proctor.Error`,
  `:shim_not_found` if there is no instance to run it, or `{:shim_exited, result}` if
  that has died.
  """
  @doc since: "0.1.0"
  @spec run(argv(), [option()]) ::
          {:ok, Result.t()}
          | {:error, {:timeout | :idle_timeout | :max_output, Result.t()}}
          | {:error, {:spawn, Error.t() | :shim_not_found | {:shim_exited, Result.t()}}}
  def run([program | args], options) when is_binary(program),
    do: do_run(program, args, options, "Proctor.run/2")

  @doc """
  The same with the program apart from its arguments.

      iex> {:ok, %{stdout: out}} = Proctor.run("echo", ["a", "b"], timeout: 5_000)
      iex> out
      "a b\\n"
  """
  @doc since: "0.1.0"
  @spec run(String.t(), [String.t()], [option()]) ::
          {:ok, Result.t()} | {:error, {atom(), term()}}
  def run(program, args, options) when is_binary(program) and is_list(args),
    do: do_run(program, args, options, "Proctor.run/3")

  defp do_run(program, args, options, function) do
    read = Spec.read!(options, function, Spec.run_options())
    Keyword.has_key?(options, :timeout) || Keyword.fetch!(options, :timeout_ms)

    case Command.run(program, args, read) do
      {:ok, %Result{} = result} -> {:ok, result}
      {:error, %Error{} = error} -> {:error, as_reason(error)}
    end
  end

  defp as_reason(%Error{kind: kind, result: result})
       when kind in [:timeout, :idle_timeout, :max_output],
       do: {kind, result}

  defp as_reason(%Error{kind: :port, posix: :etimedout, result: %Result{} = result}),
    do: {:timeout, result}

  defp as_reason(%Error{kind: :port, result: %Result{} = result}),
    do: {:spawn, {:shim_exited, result}}

  defp as_reason(%Error{kind: :port, detail: :not_started}), do: {:spawn, :shim_not_found}
  defp as_reason(%Error{kind: :port, detail: {:not_started, _}}), do: {:spawn, :shim_not_found}
  defp as_reason(error), do: {:spawn, error}

  @doc """
  Runs a command that has to end with 0. Raises `Proctor.Error` if it does not.

      iex> Proctor.run!(["echo", "hello"], timeout: 5_000).stdout
      "hello\\n"

      iex> Proctor.run!(["false"], timeout: 5_000)
      ** (Proctor.Error) false exited with 1
  """
  @doc since: "0.1.0"
  @spec run!(argv(), [option()]) :: Result.t()
  def run!([program | args], options) when is_binary(program),
    do: do_run!(program, args, options, "Proctor.run!/2")

  @doc "The same with the program apart from its arguments."
  @doc since: "0.1.0"
  @spec run!(String.t(), [String.t()], [option()]) :: Result.t()
  def run!(program, args, options) when is_binary(program) and is_list(args),
    do: do_run!(program, args, options, "Proctor.run!/3")

  defp do_run!(program, args, options, function) do
    read = Spec.read!(options, function, Spec.run_options())
    Keyword.has_key?(options, :timeout) || Keyword.fetch!(options, :timeout_ms)

    case Command.run(program, args, read) do
      {:ok, %Result{status: 0} = result} -> result
      {:ok, result} -> raise %Error{kind: :exit, command: result.command, result: result}
      {:error, error} -> raise error
    end
  end

  @doc """
  Runs a command as `System.cmd/3` does: its output and its status.

      iex> Proctor.cmd("echo", ["hello"])
      {"hello\\n", 0}

  A program that is not found is an `ErlangError` of `:enoent`, any other reason
  why it cannot run a `Proctor.Error`. A signal `n` is the status `128 + n`.

      iex> Proctor.cmd("no-such-program", [])
      ** (ErlangError) Erlang error: :enoent

  What it writes to stderr goes where the node's does, unless
  `stderr_to_stdout: true`, or `:stderr`, says something else. It reads nothing,
  unless `:input` or `:stdin` says so.

  Options besides those of all functions:

    * `:into` - a `Collectable` that gets the output as it comes, in the
      caller's process (`""`)
    * `:lines` - the longest line in bytes: then the output is lines, without
      their ends (`into: [], lines: 1024`)
    * `:parallelism`, `:use_stdio` - are accepted: nothing of the node is held
      up by a command anyway
    * `:capture_stderr_only` - what it writes to stderr is collected, when it
      has ended, and what it writes to stdout thrown away
    * `:uid`, `:gid` - other names of `:user` and `:group`; with these root is
      refused, and the status is 1
    * `:stdio_window` - the same as `:window`, of 4,096 bytes at least
    * `:cgroup_path`, `:cgroup_base`, `:cgroup_controllers`, `:cgroup_sets`, and
      `:cgroup` with them - MuonTrap's: see `Proctor.Cgroups`. A `:cgroup` with
      limits needs one of the first two here

  Of an option that is given twice the last counts.

  With `:timeout`, as well as with `:idle_timeout` and `:max_output`, the status
  may be `:timeout`, `:idle_timeout` or `:max_output`.

      iex> Proctor.cmd("sleep", ["10"], timeout: 50)
      {"", :timeout}
      iex> Proctor.cmd("printf", ["a\\nb\\n"], into: [], lines: 1024)
      {["a", "b"], 0}
  """
  @doc since: "0.1.0"
  @spec cmd(String.t(), [String.t()], [option()]) ::
          {Collectable.t(), non_neg_integer() | :timeout | :idle_timeout | :max_output}
  def cmd(program, args, options \\ []) when is_binary(program) and is_list(args),
    do: collected(program, args, options, "Proctor.cmd/3")

  defp collected(program, args, options, function) do
    case Options.cmd(program, args, options) do
      :root ->
        IO.puts(:stderr, "proctor: #{program} is not run: uid and gid may not be those of root")
        {Command.gather("", Keyword.get(options, :into, ""), nil), 1}

      options ->
        {only_stderr, options} = Keyword.pop(options, :capture_stderr_only, false)
        read = Spec.read!(options, function, Spec.cmd_options())
        collect(program, args, read, only_stderr)
    end
  end

  defp collect(program, args, read, false) do
    {result, status} = finished(program, args, read)
    {result.stdout, status}
  end

  defp collect(program, args, read, true) do
    alone = read |> Map.delete(:merge_stderr) |> Map.merge(%{stdout: :discard, stderr: :capture})
    {result, status} = finished(program, args, alone)
    {Command.gather(result.stderr, Spec.into(read), read[:lines]), status}
  end

  defp finished(program, args, read) do
    case Command.run(program, args, Spec.collecting(read)) do
      {:ok, result} ->
        {result, status(result.status)}

      {:error, %Error{kind: kind, result: %Result{} = result}}
      when kind in [:timeout, :idle_timeout, :max_output] ->
        {result, kind}

      {:error, %Error{stage: :exec, posix: :enoent}} ->
        :erlang.error(:enoent)

      {:error, error} ->
        raise error
    end
  end

  defp status({:signal, signal}) when is_integer(signal), do: 128 + signal
  defp status({:signal, :unconfirmed}), do: :unknown
  defp status(status), do: status

  @doc """
  Runs text in a shell, as `System.shell/2` does.

      iex> Proctor.shell("echo a | tr a b")
      {"b\\n", 0}

  The options are those of `cmd/3`. Whatever is part of the text is code: what
  comes from elsewhere is safer in `:env`.
  """
  @doc since: "0.1.0"
  @spec shell(String.t(), [option()]) :: {Collectable.t(), non_neg_integer() | atom()}
  def shell(text, options \\ []) when is_binary(text) do
    read = Keyword.drop(options, [:close_stdin])
    collected("/bin/sh", ["-c", "\n" <> text], read, "Proctor.shell/2")
  end

  @doc """
  Runs commands with pipes between them, and waits for them.

      iex> {:ok, result} = Proctor.pipe([["printf", "b\\\\na\\\\n"], ["sort"]], timeout: 5_000)
      iex> {result.statuses, result.stdout}
      {[0, 0], "a\\nb\\n"}
  """
  @doc since: "0.1.0"
  @spec pipe([argv(), ...], [option()]) ::
          {:ok, Result.t()} | {:error, {atom(), term()}}
  def pipe([_ | _] = commands, options) do
    read = Spec.read!(options, "Proctor.pipe/2", Spec.run_options() -- [:arg0, :capabilities])
    Keyword.has_key?(options, :timeout) || Keyword.fetch!(options, :timeout_ms)

    case Command.pipe(commands, read) do
      {:ok, %Result{} = result} -> {:ok, result}
      {:error, %Error{} = error} -> {:error, as_reason(error)}
    end
  end

  @doc """
  The output of a command as a stream of binaries, at the speed of who takes
  them. Raises `Proctor.Stream.Error` behind the last one if the command does not
  end with 0.

      iex> Proctor.stream!(["tr", "a-z", "A-Z"], input: Stream.cycle(["abc"])) |> Enum.take(1) |> hd() |> binary_part(0, 3)
      "ABC"

      iex> Proctor.stream!(["cat"], input: fn sink -> Enum.into(["a", "b"], sink) end) |> Enum.join()
      "ab"

  Options besides those of all functions, but for `:stdout` and `:max_output`:

    * `:input` - iodata, any enumerable of it, or a function that is given a
      collectable
    * `:max_chunk_size` - bytes of one element at most (65,536)
    * `:ignore_epipe` - whether a command may leave some of its input unread
      (`false`)
    * `:stderr` - `:console`, unless it is said; with `:consume` each element is
      `{:stdout, data}` or `{:stderr, data}`
    * `:timeout` - `:infinity`, unless it is said
  """
  @doc since: "0.1.0"
  @spec stream!(argv(), [option()]) :: Enumerable.t()
  def stream!([program | args], options \\ []) when is_binary(program),
    do: do_stream(program, args, options, "Proctor.stream!/2", :raise)

  @doc """
  The same, but it raises nothing: its last element is `{:exit, exit}`, a
  `Proctor.Exit`, or a `Proctor.Error` if the command was not started.

      iex> Proctor.stream(["sh", "-c", "echo a; exit 3"]) |> Enum.map(fn
      ...>   {:exit, exit} -> exit.status
      ...>   data -> data
      ...> end)
      ["a\\n", 3]
  """
  @doc since: "0.1.0"
  @spec stream(argv(), [option()]) :: Enumerable.t()
  def stream([program | args], options \\ []) when is_binary(program),
    do: do_stream(program, args, options, "Proctor.stream/2", :tell)

  defp do_stream(program, args, options, function, ending) do
    read = Spec.read!(options, function, Spec.chunk_options())
    read = Map.merge(%{stderr: :console, timeout: :infinity}, read)
    read = if read[:ignore_epipe] == false, do: Map.delete(read, :ignore_epipe), else: read
    Proctor.Stream.chunks(program, args, read, ending)
  end

  @doc """
  The lines of a command: see `Proctor.Stream.lines/2`.

      iex> Proctor.lines(["seq", "1", "3"], timeout: 5_000) |> Enum.map(&String.to_integer/1) |> Enum.sum()
      6
  """
  @doc since: "0.1.0"
  @spec lines(argv(), [option()]) :: Enumerable.t()
  defdelegate lines(argv, options), to: Proctor.Stream

  @doc """
  Where a program is, or `nil`: the full path of the first that `PATH` has.

      iex> Proctor.find("no-such-program")
      nil
  """
  @doc since: "0.1.0"
  @spec find(String.t()) :: String.t() | nil
  def find(program) when is_binary(program), do: System.find_executable(program)

  @doc """
  The numbers of the OS processes that run.

  Takes `:instance` and `:node`.
  """
  @doc since: "0.1.0"
  @spec list([option()]) :: [pos_integer()] | {:error, term()}
  def list(options \\ []) do
    read = Spec.read!(options, "Proctor.list/1", [:instance, :node])
    :proctor.which_children(Map.to_list(read))
  end

  @doc """
  What there is to say of an instance and of what it runs. Takes `:instance`
  and `:node`.
  """
  @doc since: "0.1.0"
  @spec info([option()]) :: {:ok, map()} | {:error, term()}
  def info(options \\ []) do
    read = Spec.read!(options, "Proctor.info/1", [:instance, :node])
    :proctor.info(Map.to_list(read))
  end

  @doc """
  Prints what runs, for people.
  """
  @doc since: "0.1.0"
  @spec i() :: :ok
  def i, do: :proctor.i()
end
