defmodule Proctor.Daemon do
  @moduledoc ~S'''
  A program that runs as long as its place in a supervision tree.

      children = [
        {Proctor.Daemon, argv: ["redis-server", "--port", "6399"], name: MyApp.Redis, ready: {:tcp, 6399}},
        {Proctor.Daemon, ["redis-server", ["--port", "6400"], [log_output: :debug]]}
      ]

  The program is started with the daemon and stopped with it; when it ends by
  itself so does the daemon, with a reason that its supervisor judges. Whatever
  it has started in its process group ends with it, and nothing outlives the
  node.

  Options, or a program, a list of its arguments and options: the shape decides
  what is meant where nothing is said.

  |  | options | program, arguments, options |
  | --- | --- | --- |
  | output | logged as `:info`, without a prefix | thrown away, unless it is asked for; stderr is the node's |
  | `:log_prefix` | none | the program, a colon and a space |
  | standard input | empty | stays open: who ends at its end does not |
  | `:kill_grace` | 5,000 | 500 |
  | it cannot be started | `{:spawn, error}` ends the daemon | the same, but a program that is not found is the error `:enoent` of the start |
  | it ends | `:normal`, `{:exit_status, n}`, `{:exit_signal, n}` | one line is logged; `:normal` or what `:exit_status_to_reason` says |
  | a bad option | raises `ArgumentError` | is the error of the start |

  The first is Forcola's daemon and the second MuonTrap's, each under its own
  name for an option.

  ## Options

  Those of `Proctor.run/2` but for `:timeout`, `:input` and `:max_output`, and:

    * `:argv` - the program and its arguments, in the first shape
    * `:name` - how it is registered, as in `GenServer`
    * `:wait_for` - a function of no arguments that is called, in a process of
      its own, before the program is started
    * `:ready` - the start returns when it says so: a function of no arguments
      that is called until it is true, `{:line, regex}`, `{:text, text}`,
      `{:tcp, port}`, `{:tcp, host, port}` or `{:file, path}`. If that takes
      longer than `:ready_timeout` (or `:ready_timeout_ms`, 5,000) the start fails
      with `:ready_timeout`, and with `{:exited_before_ready, reason}` if the
      program ends. It is looked at every `:ready_poll` (or `:ready_poll_ms`,
      100). Without it the start returns before anything is known
    * `:output` - `:logger`, `{:send, pid}` or `{:send, pid, tag}`, which is sent
      `{:proctor_daemon, daemon, stream, data}` or with the tag, a function of
      `stream` and `data`, or `{:lines, where}` with one of these, which gets
      lines and not what came as it came
    * `:log_output` - the level; `:none` for not at all
    * `:log_prefix` - what each line begins with
    * `:log_transform` - a function that makes of a line what is logged; without
      it each byte that is no UTF-8 becomes U+FFFD
    * `:logger_metadata` - more metadata, as a keyword list
    * `:logger_fun` - a function, `{module, function}` or `{module, function,
      args}` that is called with each line, and then with `args`, instead of
      logging it
    * `:max_line`, `:long_lines`, `:last_line`, `:cr` - see `:proctor_daemon`
    * `:exit_status_to_reason` - a function that makes of a status that is not 0
      (`128 + n` after a signal) the reason of the daemon's end
      (`:error_exit_status`)
    * `:uid`, `:gid`, `:stdio_window`, `:capture_stderr_only`,
      `:delay_to_sigkill` - see `Proctor.cmd/3`; in the second shape only
    * `:cgroup` - as for `Proctor.run/2`, but that it is `:auto` unless something
      else is said: where there are control groups it has one, and whatever it has
      started is gone when it has ended. When a limit is met a warning is logged
    * `:cgroup_path`, `:cgroup_base`, `:cgroup_controllers`, `:cgroup_sets`, and
      `:cgroup` with them - MuonTrap's: see `Proctor.Cgroups`; in the second shape
      only, where a `:cgroup` with limits needs one of the first two

  The metadata of what is logged has `:ospid`, `:stream` and `:daemon`, and in
  the second shape `:proctor_cmd` and `:proctor_args`, which are the arguments:
  where these are secret, the first shape tells nobody.
  '''
  @moduledoc since: "0.1.0"

  alias Proctor.{Cgroups, Error, Exit, Options, Signal, Spec}
  alias Proctor.Cgroups.{Files, Names}

  @type option :: {atom(), term()}

  # What a supervisor allows for the end of a daemon besides its grace.
  @rest 5_000

  @own ~w(name wait_for ready ready_timeout ready_timeout_ms ready_poll
          ready_poll_ms output log_output log_prefix log_transform
          logger_metadata logger_fun max_line long_lines last_line cr
          exit_status_to_reason)a

  @doc """
  How a supervisor starts it: of options, or of `[program, args]` and `[program,
  args, options]`.

  The identifier is the `:name`, if options have one, or this module.

      iex> Proctor.Daemon.child_spec(["sleep", ["10"]])
      %{
        id: Proctor.Daemon,
        start: {Proctor.Daemon, :start_link, ["sleep", ["10"], []]},
        type: :worker,
        restart: :permanent,
        shutdown: 5_500
      }

      iex> Proctor.Daemon.child_spec(argv: ["sleep", "10"], name: Sleeper).id
      Sleeper
  """
  @doc since: "0.1.0"
  @spec child_spec([option()] | [term()]) :: Supervisor.child_spec()
  def child_spec([program, args]) when is_binary(program), do: child_spec([program, args, []])

  def child_spec([program, args, options]) when is_binary(program) do
    %{
      id: __MODULE__,
      start: {__MODULE__, :start_link, [program, args, options]},
      type: :worker,
      restart: :permanent,
      shutdown: grace(options, 500) + @rest
    }
  end

  # A supervisor tells whom it likes how its children are started.
  def child_spec(options) when is_list(options) do
    %{
      id: name(options) || __MODULE__,
      start: {__MODULE__, :start_link, [:proctor_secret.hide(options)]},
      type: :worker,
      restart: :permanent,
      shutdown: grace(options, 5_000) + @rest,
      modules: [:proctor_daemon]
    }
  end

  defp name(options), do: with({_, name} <- List.keyfind(options, :name, 0), do: name)

  # What is wrong with it the start tells.
  defp grace(options, default) do
    case for {key, ms} when key in [:kill_grace, :kill_grace_ms, :delay_to_sigkill] <- options,
             is_integer(ms),
             do: ms do
      [] -> default
      given -> max(0, List.last(given))
    end
  end

  @doc """
  Starts a daemon of options. Raises `ArgumentError` if one is wrong.

      iex> {:ok, daemon} = Proctor.Daemon.start_link(argv: ["sleep", "10"])
      iex> is_integer(Proctor.Daemon.os_pid(daemon))
      true
      iex> Proctor.Daemon.stop(daemon)
      :ok
  """
  @doc since: "0.1.0"
  @spec start_link([option()]) :: GenServer.on_start()
  def start_link(hidden) when is_function(hidden, 0),
    do: hidden |> :proctor_secret.show() |> start_link()

  def start_link(options) when is_list(options) do
    {[program | args], options} = Keyword.pop!(options, :argv)
    own = [log_output: :info, log_prefix: "", kill_grace: 5_000, stdin: :null]
    start(program, args, with_defaults(options, own), &exit_reason/1, [])
  end

  @doc """
  Starts a daemon of a program, its arguments and options.

      iex> {:ok, daemon} = Proctor.Daemon.start_link("sleep", ["10"], delay_to_sigkill: 100)
      iex> Proctor.Daemon.statistics(daemon)
      %{output_byte_count: 0, cgroup: %{}}
      iex> Proctor.Daemon.stop(daemon)
      :ok
  """
  @doc since: "0.1.0"
  @spec start_link(String.t(), [String.t()], [option()]) :: GenServer.on_start()
  def start_link(program, args, options \\ []) when is_binary(program) and is_list(args) do
    {ours, theirs} = options |> Options.last() |> Enum.split_with(&ours?/1)
    read = Options.validate(:daemon, program, args, theirs)
    Options.root?(read) && refuse_root!(program)
    place = Options.place!(read, program, ours)
    options = with_defaults(theirs(read, ours) ++ place ++ ours, preset(program))
    metadata = their_metadata(program, args, read)
    start(read.cmd, args, options, &told(program, &1, read, metadata), metadata)
  catch
    :error, reason -> {:error, {reason, :proctor_log.stack(__STACKTRACE__)}}
  end

  defp ours?({name, _} = option) do
    Options.our_cgroup?(option) or
      (name not in Options.names(:daemon) and
         (name in @own or Enum.any?(Spec.daemon_options(), &(name in Spec.names_of(&1)))))
  end

  defp preset(program),
    do: [log_output: :none, log_prefix: program <> ": ", kill_grace: 500, stdin: :pipe]

  defp refuse_root!(program),
    do: raise(%Error{kind: :spawn, stage: :user, posix: :eperm, detail: "root", command: program})

  # Each by any of its names.
  defp with_defaults(options, defaults) do
    Enum.reduce(defaults, options, fn {name, value}, options ->
      if Enum.any?(Spec.names_of(name), &Keyword.has_key?(options, &1)),
        do: options,
        else: [{name, value} | options]
    end)
  end

  ## MuonTrap's options

  defp theirs(read, ours) do
    passed = ~w(name log_output log_prefix log_transform logger_fun wait_for)a

    own = for name <- passed, Map.has_key?(read, name), do: {name, read[name]}
    own ++ Enum.flat_map(read, &Options.own/1) ++ their_streams(read, ours)
  end

  # Nothing is read that nobody asks for.
  defp their_streams(%{capture_stderr_only: true}, _ours), do: [stdout: :discard]

  defp their_streams(read, ours) do
    wanted =
      Map.has_key?(read, :log_output) or Map.has_key?(read, :logger_fun) or
        Enum.any?([:output, :ready, :stdout], &Keyword.has_key?(ours, &1))

    case {wanted, Map.get(read, :stderr_to_stdout, false)} do
      {true, true} -> [stderr: :merge]
      {true, false} -> unless_given(ours, stderr: :console)
      {false, true} -> [stdout: :discard, stderr: :discard]
      {false, false} -> [stdout: :discard] ++ unless_given(ours, stderr: :console)
    end
  end

  defp unless_given(options, [{name, _}] = default),
    do: if(Keyword.has_key?(options, name), do: [], else: default)

  defp their_metadata(program, args, read) do
    Map.get(read, :logger_metadata, []) ++
      [proctor_cmd: program, proctor_args: Enum.join(args, " ")]
  end

  ## Start

  defp start(program, args, options, exit_reason, metadata) do
    {own, rest} = Keyword.split(options, @own)
    {only_stderr, rest} = Keyword.pop(rest, :capture_stderr_only, false)
    read = Spec.read!(rest, "Proctor.Daemon.start_link", Spec.daemon_options())

    read =
      if only_stderr,
        do: read |> Map.delete(:merge_stderr) |> Map.merge(%{stdout: :discard, stderr: :capture}),
        else: read

    erlang = own(own, metadata) ++ functions(program, own, exit_reason)

    case :proctor_daemon.start_link(
           program,
           args,
           erlang ++ Spec.streams(read) ++ Spec.to_erlang(read)
         ) do
      {:error, {:options, :einval, _} = reason} ->
        raise ArgumentError,
              "Proctor.Daemon.start_link: " <>
                Exception.message(Error.from_erlang(reason, program))

      result ->
        result
    end
  end

  defp functions(program, own, exit_reason) do
    [
      start: if(Keyword.has_key?(own, :ready), do: :now, else: :later),
      exit_to_reason: exit_to_reason(own[:exit_status_to_reason], exit_reason),
      error_to_reason: &error_reason(&1, program)
    ]
  end

  defp exit_to_reason(nil, default), do: default

  defp exit_to_reason(fun, _default),
    do: fn exit ->
      with status when status != 0 <- status(exit), do: fun.(status), else: (_ -> :normal)
    end

  defp own(own, metadata) do
    [log_metadata: metadata(own[:logger_metadata] || metadata)] ++ Enum.flat_map(own, &erlang/1)
  end

  # What is none the Erlang client refuses.
  defp metadata(list) when is_list(list), do: Map.new(list)
  defp metadata(other), do: other

  defp erlang({:log_output, :warn}), do: [log: :warning]
  defp erlang({:log_output, level}), do: [log: level]
  defp erlang({:logger_metadata, _}), do: []
  defp erlang({:exit_status_to_reason, _}), do: []
  defp erlang({:logger_fun, {module, function}}), do: [output: {module, function, []}]
  defp erlang({:logger_fun, fun}), do: [output: fun]
  defp erlang({:output, :logger}), do: []
  defp erlang({:output, {:lines, where}}), do: [output: where]
  defp erlang({:output, where}), do: [output: where, output_as: :chunks]
  defp erlang({:ready, fun}) when is_function(fun, 0), do: [ready: fn -> !!fun.() end]
  defp erlang({:ready, {:line, %Regex{} = regex}}), do: [ready: {:line, regex.re_pattern}]

  defp erlang({:ready, {:tcp, host, port}}) when is_binary(host),
    do: [ready: {:tcp, String.to_charlist(host), port}]

  defp erlang({:ready_timeout_ms, ms}), do: [ready_timeout: ms]
  defp erlang({:ready_poll_ms, ms}), do: [ready_poll: ms]
  defp erlang(option), do: [option]

  ## Ends

  defp exit_reason(%{status: {:exited, 0}}), do: :normal
  defp exit_reason(%{status: {:exited, status}}), do: {:exit_status, status}
  defp exit_reason(%{status: {:signaled, signal, _}}), do: {:exit_signal, signal}

  defp told(program, exit, read, metadata) do
    case status(exit) do
      0 ->
        log(:info, "#{program}: Process exited successfully", metadata)
        :normal

      status ->
        log(:error, "#{program}: Process exited with status #{status}", metadata)
        Map.get(read, :exit_status_to_reason, fn _ -> :error_exit_status end).(status)
    end
  end

  defp log(level, text, metadata),
    do:
      :logger.log(level, "~ts", [text], Map.put(Map.new(metadata), :domain, [:proctor, :daemon]))

  defp status(%{status: {:exited, status}}), do: status
  defp status(%{status: {:signaled, signal, _}}), do: 128 + signal

  defp error_reason({:not_ready, ms}, _program) when is_integer(ms), do: :ready_timeout
  defp error_reason({:not_ready, reason}, _program), do: reason
  defp error_reason({:ended, reason}, _program), do: {:exited_before_ready, reason}
  defp error_reason(:not_started, _program), do: {:spawn, :shim_not_found}

  defp error_reason({_stage, _posix, _detail} = reason, program),
    do: {:spawn, Error.from_erlang(reason, program)}

  defp error_reason(_gone, _program), do: {:shim_exited, {:signal, :unconfirmed}}

  ## Requests

  @doc """
  The number of the OS process; `:error` while there is none.
  """
  @doc since: "0.1.0"
  @spec os_pid(GenServer.server()) :: pos_integer() | :error
  def os_pid(server) do
    with :undefined <- :proctor_daemon.ospid(server), do: :error
  end

  @doc """
  How many bytes of output have been read, and what its control group has used, as
  `Proctor.Cgroups.statistics/1` has it.

  This and the other functions with MuonTrap's names tell of a control group that
  an option has asked for; `stats/1` of any.
  """
  @doc since: "0.1.0"
  @spec statistics(GenServer.server()) :: %{
          output_byte_count: non_neg_integer(),
          cgroup: map()
        }
  def statistics(server) do
    bytes = :proctor_daemon.statistics(server).bytes
    %{output_byte_count: bytes, cgroup: of_group(server, &Cgroups.statistics/2)}
  end

  @doc """
  All that there is to say of it: `:os_pid`, whether it is `:ready`, how many
  `:bytes` and `:lines` have been read and how many lines were `:cut` or
  `:dropped`, how often it was started again (`:restarts`), `:uptime_ms`, and how
  the program ended the last time (`:last_exit`, a `Proctor.Exit` or `nil`).

      iex> {:ok, daemon} = Proctor.Daemon.start_link(argv: ["sleep", "10"])
      iex> %{ready: true, restarts: 0, last_exit: nil} = Proctor.Daemon.info(daemon)
      iex> Proctor.Daemon.stop(daemon)
      :ok
  """
  @doc since: "0.1.0"
  @spec info(GenServer.server()) :: map()
  def info(server) do
    {os_pid, info} = server |> :proctor_daemon.statistics() |> Map.pop!(:ospid)
    os_pid = if os_pid == :undefined, do: nil, else: os_pid

    last = with %{} = exit <- info.last_exit, do: Exit.from_erlang(exit, nil), else: (_ -> nil)

    Map.merge(info, %{os_pid: os_pid, last_exit: last})
  end

  @doc """
  Stops the program and then the daemon, and waits for that.
  """
  @doc since: "0.1.0"
  @spec stop(GenServer.server()) :: :ok
  def stop(server), do: :proctor_daemon.stop(server)

  @doc """
  The same, with a signal that asks it before the one that would.
  """
  @doc since: "0.1.0"
  @spec stop(GenServer.server(), Signal.t()) :: :ok | {:error, term()}
  def stop(server, signal), do: :proctor_daemon.stop(server, Signal.number(signal))

  @doc """
  Sends the program a signal.
  """
  @doc since: "0.1.0"
  @spec signal(GenServer.server(), Signal.t()) :: :ok | {:error, term()}
  def signal(server, signal), do: :proctor_daemon.signal(server, Signal.number(signal))

  ## Its control group

  @doc """
  What its control group uses, and has used: see `:proctor.stats/1`.
  """
  @doc since: "0.1.0"
  @spec stats(GenServer.server()) :: {:ok, map()} | {:error, term()}
  def stats(server), do: :proctor_daemon.stats(server)

  @doc """
  Sets limits of its control group, as `:cgroup` has them; the others stay.
  """
  @doc since: "0.1.0"
  @spec set_cgroup(GenServer.server(), map() | keyword()) :: :ok | {:error, term()}
  def set_cgroup(server, limits), do: :proctor_daemon.cgroup_set(server, Spec.limits(limits))

  @doc """
  Holds all of it: `{:ok, :cgroup}`, or by SIGSTOP of its process group, `{:ok,
  :signal}`.
  """
  @doc since: "0.1.0"
  @spec pause(GenServer.server()) :: {:ok, :cgroup | :signal} | {:error, term()}
  def pause(server), do: :proctor_daemon.pause(server)

  @doc "Lets it go on."
  @doc since: "0.1.0"
  @spec resume(GenServer.server()) :: {:ok, :cgroup | :signal} | {:error, term()}
  def resume(server), do: :proctor_daemon.resume(server)

  @doc """
  A file of its control group, as `Proctor.Cgroups.cgget/2` has it.
  """
  @doc since: "0.1.0"
  @spec cgget(GenServer.server(), String.t()) ::
          {:ok, String.t()} | {:error, Cgroups.posix() | :no_cgroup}
  def cgget(server, file) when is_binary(file) do
    case cgroup_path(server) do
      nil -> {:error, :no_cgroup}
      path -> Files.get(path, file, olds(server, path))
    end
  end

  @doc "The same of a controller, as MuonTrap 1 asks for it."
  @doc since: "0.1.0"
  @spec cgget(GenServer.server(), String.t(), String.t()) ::
          {:ok, String.t()} | {:error, Cgroups.posix() | :no_cgroup}
  def cgget(server, controller, file) when is_binary(controller), do: cgget(server, file)

  @doc """
  Writes a file of its control group. What is a limit is asked of the port program,
  which sets no more than `proctor.conf` permits; anything else is written, where
  the node may do that. Who is in it and whether they live is the port program's
  alone: `cgroup.procs`, `tasks` and what else begins so answer `:eacces`.
  """
  @doc since: "0.1.0"
  @spec cgset(GenServer.server(), String.t(), String.t()) ::
          :ok | {:error, Cgroups.posix() | :no_cgroup}
  def cgset(server, file, value) when is_binary(file) and is_binary(value) do
    case cgroup_path(server) do
      nil -> {:error, :no_cgroup}
      path -> set(server, path, file, value)
    end
  end

  @doc "The same of a controller, as MuonTrap 1 asks for it."
  @doc since: "0.1.0"
  @spec cgset(GenServer.server(), String.t(), String.t(), String.t()) ::
          :ok | {:error, Cgroups.posix() | :no_cgroup}
  def cgset(server, controller, file, value) when is_binary(controller),
    do: cgset(server, file, value)

  # Whom these move is killed with the group, and nothing moves him back.
  defp set(_, _, "cgroup." <> _, _), do: {:error, :eacces}
  defp set(_, _, "tasks", _), do: {:error, :eacces}

  defp set(server, path, file, value) do
    olds = olds(server, path)

    case Names.from_sets([{"", file, value}], &now(path, &1, olds)) do
      {:ok, limits} -> server |> :proctor_daemon.cgroup_set(limits) |> posix()
      {:error, :enodev, _} -> Files.put(path, file, value, olds)
      {:error, posix, _} -> {:error, posix}
    end
  end

  defp now(path, file, olds),
    do: with({:ok, text} <- Files.get(path, file, olds), do: text, else: (_ -> nil))

  defp olds(server, path) do
    case os_pid(server) do
      pid when is_integer(pid) -> Files.olds(pid, path)
      _ -> %{}
    end
  end

  defp posix(:ok), do: :ok
  defp posix({:error, {_stage, posix, _detail}}), do: {:error, posix}
  defp posix({:error, :no_process}), do: {:error, :no_cgroup}
  defp posix({:error, {:badopt, _}}), do: {:error, :einval}
  defp posix({:error, _}), do: {:error, :eio}

  @doc """
  What its control group is set to, as a `:cgroup` map would have it.
  """
  @doc since: "0.1.0"
  @spec cgroup_config(GenServer.server()) :: map()
  def cgroup_config(server), do: of_group(server, &Cgroups.config/2)

  @doc """
  Where its control group is, below where the trees are mounted, or `nil`.
  """
  @doc since: "0.1.0"
  @spec cgroup_path(GenServer.server()) :: String.t() | nil
  def cgroup_path(server) do
    with true <- :proctor_daemon.has_cgroup(server),
         {:ok, %{path: path}} <- :proctor_daemon.stats(server) do
      String.trim_leading(path, "/")
    else
      _ -> nil
    end
  end

  defp of_group(server, fun) do
    case cgroup_path(server) do
      nil -> %{}
      path -> fun.(path, olds(server, path))
    end
  end

  @doc false
  # What MuonTrap has of a piece of output, to the length of what waits.
  def process_data(data) when is_binary(data) do
    {lines, rest} = :proctor_lines.split(data, :proctor_lines.new())
    waiting = rest |> :proctor_lines.rest() |> Enum.join()
    {lines, binary_part(waiting, 0, min(byte_size(waiting), 256))}
  end
end
