defmodule Proctor.Spec do
  @moduledoc false

  # The one place that reads keyword options: strict, each by its name, and for
  # all functions alike. What is left to be checked (texts, names of users, what
  # a function of the Erlang client takes) that client checks.
  #
  # A row is {name, the option that it is another name of | nil, type}.

  @rows [
    {:cd, nil, :path},
    {:env, nil, :env},
    {:clear_env, nil, :boolean},
    {:user, nil, :name},
    {:group, nil, :name},
    {:groups, nil, :names},
    {:nice, nil, :integer},
    {:capabilities, nil, :any},
    {:umask, nil, :non_neg_integer},
    {:rlimit, nil, :rlimit},
    {:cpus, nil, :text},
    {:ionice, nil, :ionice},
    {:oom_score_adj, nil, :non_neg_integer},
    {:no_new_privs, nil, :boolean},
    {:cpu_timeout, nil, :pos_integer},
    {:arg0, nil, :text},
    {:input, nil, :any},
    {:stdin, nil, :stdin},
    {:stdout, nil, :sink},
    {:stderr, nil, :sink},
    {:merge_stderr, nil, :boolean},
    {:stderr_to_stdout, :merge_stderr, :boolean},
    {:timeout, nil, :timeout},
    {:timeout_ms, :timeout, :timeout},
    {:idle_timeout, nil, :timeout},
    {:idle_timeout_ms, :idle_timeout, :timeout},
    {:kill_grace, nil, :non_neg_integer},
    {:kill_grace_ms, :kill_grace, :non_neg_integer},
    {:delay_to_sigkill, :kill_grace, :non_neg_integer},
    {:stop_signal, nil, :signal},
    {:kill, nil, :text},
    {:kill_group, nil, :boolean},
    {:linger, nil, :non_neg_integer},
    {:max_output, nil, :limit},
    {:window, nil, :window},
    {:window_bytes, :window, :pos_integer},
    {:backpressure, nil, :boolean},
    {:max_line, nil, :limit},
    {:instance, nil, :any},
    {:node, nil, :atom},
    {:cgroup, nil, :cgroup},
    {:cgroup_events, nil, :boolean},
    {:active, nil, :active},
    {:on, nil, :on},
    {:tag, nil, :atom},
    {:owner, nil, :pid},
    {:pty, nil, :pty},
    {:pty_rows, nil, :pos_integer},
    {:pty_cols, nil, :pos_integer},
    {:max_chunk_size, nil, :pos_integer},
    {:ignore_epipe, nil, :boolean},
    {:into, nil, :any},
    {:lines, nil, :pos_integer},
    {:parallelism, nil, :boolean},
    {:use_stdio, nil, :boolean},
    {:program, nil, :path},
    {:args, nil, :any},
    {:max_children, nil, :non_neg_integer},
    {:start_timeout, nil, :non_neg_integer},
    {:telemetry_metadata, nil, :map},
    {:telemetry, nil, :telemetry}
  ]

  @run ~w(cd env clear_env user group groups nice capabilities umask rlimit cpus
          ionice oom_score_adj no_new_privs arg0 input stdin stdout stderr
          merge_stderr timeout idle_timeout cpu_timeout kill_grace
          stop_signal kill kill_group linger max_output window instance node
          cgroup telemetry_metadata telemetry)a

  @doc "The options of all functions that run a command and wait for it."
  def run_options, do: @run

  @doc "And those of `Proctor.Process`."
  def process_options, do: (@run -- [:max_output]) ++ [:active, :pty, :on, :cgroup_events]

  @doc "And those of `Proctor.Duplex.open/2`."
  def duplex_options,
    do:
      (@run -- [:stdout, :max_output, :input]) ++
        [:active, :max_line, :pty, :pty_rows, :pty_cols, :tag, :owner]

  @doc "And those of `Proctor.Process.manage/2`."
  def manage_options,
    do: [:kill, :kill_grace, :stop_signal, :kill_group, :nice, :instance, :node]

  @doc "And those of `Proctor.Stream.lines/2`."
  def line_options, do: (@run -- [:stdout, :max_output]) ++ [:max_line, :backpressure]

  @doc "And those of `Proctor.stream/2`."
  def chunk_options, do: (@run -- [:stdout, :max_output]) ++ [:max_chunk_size, :ignore_epipe]

  @doc "And those of `Proctor.cmd/3`."
  def cmd_options, do: @run ++ [:into, :lines, :parallelism, :use_stdio]

  @doc "And those of `Proctor.Task.start/1`."
  def task_options,
    do: ~w(instance node user group groups cgroup cd env clear_env rlimit nice umask
           capabilities kill_grace owner program args max_children start_timeout)a

  @doc "And those of `Proctor.Daemon`, besides its own."
  def daemon_options, do: @run -- [:timeout, :input, :max_output]

  @doc "Limits of a control group as the Erlang client takes them."
  def limits([_ | _] = list), do: if(Keyword.keyword?(list), do: Map.new(list), else: list)
  def limits(other), do: other

  @doc "What an option may be called."
  def names_of(option), do: [option | for({name, ^option, _} <- @rows, do: name)]

  @doc "What `System.cmd/3` has where nothing else is said."
  def collecting(read) do
    %{stderr: :console, timeout: :infinity, kill_grace: 500}
    |> Map.merge(read)
    |> Map.put_new(:stdout, stdout(into(read), read))
  end

  @doc "What output is put into."
  def into(%{into: into}), do: into
  def into(%{lines: _}), do: []
  def into(_), do: ""

  defp stdout("", read) when not is_map_key(read, :lines), do: :capture
  defp stdout(into, _read), do: {:into, into}

  @doc """
  Reads options into a map by their first names. `function` is named in what is
  raised, and `allowed` are the names that it takes.
  """
  def read!(options, function, allowed) do
    keyword!(options, function)

    Enum.reduce(options, %{}, fn {given, value}, read ->
      {name, type} = row!(given, value, function, allowed)

      if Map.has_key?(read, name),
        do: raise(ArgumentError, "#{function}: option #{given} is given twice")

      Map.put(read, name, value!(type, value, given, function))
    end)
  end

  defp keyword!(options, function) do
    unless Keyword.keyword?(options),
      do: raise(ArgumentError, "#{function}: options must be a keyword list")
  end

  defp row!(given, value, function, allowed) do
    with {_, other, type} <- List.keyfind(@rows, given, 0),
         name = other || given,
         true <- name in allowed do
      {name, type}
    else
      nil -> refuse!(given, value, function, "there is no option #{inspect(given)}")
      false -> refuse!(given, value, function, "takes no option #{inspect(given)}")
    end
  end

  defp value!(type, value, name, function) do
    case check(type, value) do
      {:ok, value} -> value
      {:error, wanted} -> refuse!(name, value, function, "option #{name} must be #{wanted}")
    end
  end

  # Where System.cmd/3 has a text of its own it is that, but for what may be a
  # secret.
  defp refuse!(name, value, function, _why)
       when function in ["Proctor.cmd/3", "Proctor.shell/2"] and name not in [:env, :input],
       do: Proctor.Options.invalid!(name, value)

  defp refuse!(_name, _value, function, why), do: raise(ArgumentError, "#{function}: #{why}")

  # Values are not told: one of them may be a secret.
  defp check(:any, value), do: {:ok, value}
  defp check(:boolean, value) when is_boolean(value), do: {:ok, value}
  defp check(:boolean, _), do: {:error, "true or false"}
  defp check(:integer, value) when is_integer(value), do: {:ok, value}
  defp check(:integer, _), do: {:error, "an integer"}
  defp check(:pos_integer, value) when is_integer(value) and value > 0, do: {:ok, value}
  defp check(:pos_integer, _), do: {:error, "a positive integer"}
  defp check(:non_neg_integer, value) when is_integer(value) and value >= 0, do: {:ok, value}
  defp check(:non_neg_integer, _), do: {:error, "an integer that is not negative"}
  defp check(:timeout, :infinity), do: {:ok, :infinity}
  defp check(:timeout, value) when is_integer(value) and value > 0, do: {:ok, value}
  defp check(:timeout, _), do: {:error, "milliseconds, a positive integer, or :infinity"}
  defp check(:limit, :infinity), do: {:ok, :infinity}
  defp check(:limit, value) when is_integer(value) and value >= 0, do: {:ok, value}
  defp check(:limit, _), do: {:error, "bytes, an integer that is not negative, or :infinity"}
  defp check(:window, value), do: check(:limit, value)
  defp check(:atom, value) when is_atom(value), do: {:ok, value}
  defp check(:atom, _), do: {:error, "an atom"}
  defp check(:pid, value) when is_pid(value), do: {:ok, value}
  defp check(:pid, _), do: {:error, "a pid"}
  defp check(:map, value) when is_map(value), do: {:ok, value}
  defp check(:map, _), do: {:error, "a map"}
  defp check(:telemetry, value) when value in [:terse, :verbose, :none], do: {:ok, value}
  defp check(:telemetry, _), do: {:error, ":terse, :verbose or :none"}
  defp check(:text, value) when is_binary(value), do: {:ok, value}
  defp check(:text, _), do: {:error, "a string"}

  defp check(:path, value) when is_binary(value) or is_list(value),
    do: {:ok, IO.chardata_to_string(value)}

  defp check(:path, _), do: {:error, "a path"}
  defp check(:name, value) when is_binary(value) and value != "", do: {:ok, value}

  defp check(:name, value) when is_integer(value) and value >= 0,
    do: {:ok, Integer.to_string(value)}

  defp check(:name, _), do: {:error, "a name or a number"}

  defp check(:names, value) when is_list(value) do
    case Enum.map(value, &check(:name, &1)) do
      list -> if Keyword.has_key?(list, :error), do: check(:names, nil), else: names(list)
    end
  end

  defp check(:names, _), do: {:error, "a list of names or numbers"}

  defp check(:signal, value) do
    {:ok, Proctor.Signal.number(value)}
  rescue
    ArgumentError -> {:error, "a signal, as in :sigterm, :term or 15"}
  end

  defp check(:env, value) do
    {:ok, Enum.map(value, &variable/1)}
  rescue
    _ in [Protocol.UndefinedError, ArgumentError, FunctionClauseError] ->
      {:error, "an enumerable of names and values, which are strings or nil"}
  end

  defp check(:rlimit, value) do
    {:ok, Enum.map(value, fn {name, limit} when is_atom(name) -> {name, limit} end)}
  rescue
    _ in [Protocol.UndefinedError, FunctionClauseError] ->
      {:error, "an enumerable of names and limits, as in [nofile: 100, core: {0, :infinity}]"}
  end

  defp check(:ionice, :idle), do: {:ok, :idle}

  defp check(:ionice, {class, level})
       when class in [:best_effort, :realtime] and level in 0..7,
       do: {:ok, {class, level}}

  defp check(:ionice, _), do: {:error, ":idle, {:best_effort, 0..7} or {:realtime, 0..7}"}

  defp check(:active, value) when is_boolean(value) or value == :once, do: {:ok, value}
  defp check(:active, value) when is_integer(value) and value > 0, do: {:ok, value}
  defp check(:active, _), do: {:error, "true, false, :once or a positive integer"}
  defp check(:on, {:group, name}) when is_atom(name), do: {:ok, {:group, name}}
  defp check(:on, _), do: {:error, "{:group, name}"}
  defp check(:stdin, value) when value in [:null, :close, :pipe], do: {:ok, value}
  defp check(:stdin, {:file, path}), do: check(:path, path)
  defp check(:stdin, _), do: {:error, ":null, :close, :pipe or {:file, path}"}

  # In the words of Exile, too.
  defp check(:sink, :redirect_to_stdout), do: {:ok, :merge}
  defp check(:sink, :disable), do: {:ok, :discard}

  defp check(:sink, value) when value in [:capture, :discard, :merge, :console, :close, :consume],
    do: {:ok, value}

  defp check(:sink, {:file, path}), do: check(:sink, {:file, path, []})

  defp check(:sink, {:file, path, modes}) when is_list(modes) do
    with {:ok, path} <- check(:path, path),
         true <- Enum.all?(modes, &file_mode?/1),
         do: {:ok, {:file, path, modes}},
         else: (_ -> check(:sink, nil))
  end

  defp check(:sink, value) when is_function(value, 1) or is_pid(value), do: {:ok, value}

  defp check(:sink, value) do
    if Collectable.impl_for(value) && not is_nil(value) && not is_binary(value),
      do: {:ok, {:into, value}},
      else:
        {:error,
         ":capture, :discard, :merge, :console, :close, {:file, path, modes}, " <>
           "a function of one argument, a pid or a collectable"}
  end

  defp check(:pty, value) when is_boolean(value), do: {:ok, value && []}

  defp check(:pty, value) do
    if Keyword.keyword?(value) and Keyword.keys(value) -- [:rows, :cols, :echo, :modes] == [],
      do: {:ok, value},
      else: {:error, "true, false or a keyword list of rows, cols, echo and modes"}
  end

  # What is wrong with a limit names it, and says nothing of its value.
  defp check(:cgroup, value) do
    case :proctor_cgroup.check(limits(value)) do
      {:ok, asked} -> {:ok, asked}
      {:why, why} -> {:error, "limits that there are: #{why}"}
      :error -> {:error, "true, false, :auto, or limits by their names"}
    end
  end

  defp file_mode?(:append), do: true
  defp file_mode?({:append, value}), do: is_boolean(value)
  defp file_mode?({:mode, value}), do: is_integer(value) and value >= 0
  defp file_mode?(_), do: false

  defp names(list), do: {:ok, Keyword.values(list)}

  defp variable({name, nil}), do: {text(name), false}
  defp variable({name, false}), do: {text(name), false}
  defp variable({name, value}), do: {text(name), text(value)}

  defp text(name) when is_atom(name) and name not in [nil, true, false],
    do: Atom.to_string(name)

  defp text(text) when is_binary(text) or is_list(text), do: IO.chardata_to_string(text)

  @doc """
  The options of the Erlang client for what `read!/3` has read. Output is what
  `streams/1` has of it.
  """
  def to_erlang(read, env? \\ true) do
    options =
      read
      |> Map.put_new(:kill_grace, 5_000)
      |> Enum.flat_map(fn {name, value} -> erlang(name, value) end)

    if env?, do: options ++ env(read), else: options
  end

  defp erlang(name, value)
       when name in ~w(cd user nice capabilities umask rlimit cpus ionice oom_score_adj
                       no_new_privs cpu_timeout arg0 input stop_signal kill
                       kill_group linger max_output max_line active instance node
                       telemetry_metadata telemetry cgroup cgroup_events)a,
       do: [{name, value}]

  defp erlang(:group, value), do: [gid: value]
  defp erlang(:groups, value), do: [groups: value]
  defp erlang(:timeout, value), do: [timeout: value]
  defp erlang(:idle_timeout, :infinity), do: []
  defp erlang(:idle_timeout, value), do: [idle_timeout: value]
  defp erlang(:kill_grace, value), do: [kill_timeout: {:ms, value}]
  defp erlang(:window, :infinity), do: [window: 0]
  defp erlang(:window, value), do: [window: value]
  defp erlang(:pty, false), do: []
  defp erlang(:pty, terminal), do: pty(terminal)
  defp erlang(:stdin, :pipe), do: [stdin: true]
  defp erlang(:stdin, value), do: [stdin: value]
  defp erlang(_, _), do: []

  defp pty(terminal) do
    modes = Keyword.get(terminal, :modes, [])
    size = {Keyword.get(terminal, :rows), Keyword.get(terminal, :cols)}
    echo = if Keyword.get(terminal, :echo, false), do: [:pty_echo], else: []
    [if(modes == [], do: :pty, else: {:pty, modes})] ++ echo ++ winsz(size)
  end

  defp winsz({nil, nil}), do: []
  defp winsz({rows, cols}), do: [winsz: {rows || 24, cols || 80}]

  # The node's environment as it is now, as System.cmd has it. Another node and
  # another user have their own.
  defp env(read),
    do: [env: [if(read[:clear_env], do: :clear, else: :now) | Map.get(read, :env, [])]]

  @doc """
  What stdout and stderr are to the Erlang client.
  """
  def streams(read) do
    [
      stream(:stdout, Map.get(read, :stdout, :capture)),
      stream(:stderr, if(read[:merge_stderr], do: :merge, else: stderr(read)))
    ]
  end

  # Another user does not get the node's, so the node writes it.
  defp stderr(%{stderr: :console} = read),
    do: if(inherits?(read), do: :console, else: &IO.binwrite(:stderr, &1))

  defp stderr(read), do: Map.get(read, :stderr, :capture)

  defp inherits?(read)
       when is_map_key(read, :user) or is_map_key(read, :group) or is_map_key(read, :groups),
       do: false

  defp inherits?(%{node: node}) when node != node(), do: false

  # Asked once for as long as an instance lives.
  defp inherits?(read) do
    instance = Map.get(read, :instance, :proctor)
    server = if is_atom(instance), do: Process.whereis(instance), else: instance

    case :persistent_term.get({__MODULE__, instance}, nil) do
      {^server, known} -> known
      _ -> ask(instance, server)
    end
  end

  defp ask(instance, server) when is_pid(server) do
    case :proctor.info(instance: instance) do
      {:ok, %{hello: hello}} ->
        known = lends_stderr?(hello)
        :persistent_term.put({__MODULE__, instance}, {server, known})
        known

      _ ->
        true
    end
  end

  defp ask(_instance, _none), do: true

  @doc "Whether an instance that is such gives its stderr to whom it runs."
  def lends_stderr?(%{mode: :plain}), do: true
  def lends_stderr?(%{mode: :root, user: "root"}), do: true
  def lends_stderr?(_hello), do: false

  defp stream(name, {:file, path, modes}), do: {name, path, Enum.flat_map(modes, &mode/1)}
  defp stream(name, sink), do: {name, sink(sink)}

  defp mode({:append, true}), do: [:append]
  defp mode({:append, false}), do: []
  defp mode(mode), do: [mode]

  defp sink({:into, _}),
    do: raise(ArgumentError, "a collectable is for :stdout alone, of who waits for the end")

  defp sink(:capture), do: true
  defp sink(:discard), do: :null
  defp sink(:close), do: :close
  defp sink(:merge), do: :stdout
  defp sink(:console), do: :inherit
  # Of streams alone; what else gets it is refused by name.
  defp sink(:consume), do: :consume
  # To the caller, too, whom the Erlang client would have collect it.
  defp sink(pid) when pid == self(),
    do: fn stream, os_pid, data -> send(pid, {stream, os_pid, data}) end

  defp sink(pid) when is_pid(pid), do: pid
  defp sink(fun) when is_function(fun, 1), do: fn _stream, _os_pid, data -> fun.(data) end
end
