defmodule Proctor.Options do
  @moduledoc """
  The options of MuonTrap: of its `cmd/3` and of its daemon.

  `validate/4` reads them as MuonTrap does, and raises what that raises. What
  `Proctor.cmd/3` and `Proctor.Daemon` have besides is none of them.
  """
  @moduledoc since: "0.1.0"

  alias Proctor.Cgroups

  @type context :: :cmd | :daemon

  # {name, whose, type}
  @rows [
    {:into, [:cmd], :any},
    {:timeout, [:cmd], :positive},
    {:cd, [:cmd, :daemon], :text},
    {:arg0, [:cmd, :daemon], :text},
    {:stderr_to_stdout, [:cmd, :daemon], :boolean},
    {:capture_stderr_only, [:cmd, :daemon], :boolean},
    {:parallelism, [:cmd, :daemon], :boolean},
    {:env, [:cmd, :daemon], :env},
    {:stdio_window, [:cmd, :daemon], :integer},
    {:delay_to_sigkill, [:cmd, :daemon], :integer},
    {:uid, [:cmd, :daemon], :name},
    {:gid, [:cmd, :daemon], :name},
    {:groups, [:cmd, :daemon], :groups},
    {:cgroup, [:cmd, :daemon], :cgroup},
    {:cgroup_controllers, [:cmd, :daemon], :list},
    {:cgroup_sets, [:cmd, :daemon], :list},
    {:cgroup_path, [:cmd, :daemon], :text},
    {:cgroup_base, [:cmd, :daemon], :text},
    {:name, [:daemon], :any},
    {:log_output, [:daemon], :level},
    {:log_prefix, [:daemon], :text},
    {:log_transform, [:daemon], :function},
    {:logger_metadata, [:daemon], :list},
    {:logger_fun, [:daemon], :logger_fun},
    {:exit_status_to_reason, [:daemon], :function},
    {:wait_for, [:daemon], :wait_for}
  ]

  @levels [:emergency, :alert, :critical, :error, :warning, :warn, :notice, :info, :debug]
  @cgroup [:cgroup, :cgroup_controllers, :cgroup_sets, :cgroup_path, :cgroup_base]
  @no_path "a :cgroup configuration requires a :cgroup_path or :cgroup_base"
  @most_groups 256

  # Of `Proctor.cmd/3`, what is no option of its own.
  @only_theirs [:uid, :gid, :groups, :stdio_window, :capture_stderr_only] ++ @cgroup

  # Less than a page of a pipe is slow, and nothing can tell.
  @least_window 4096

  @doc """
  A map of what is asked for: `:cmd`, where the program is, `:args`, `:into` and
  each option that is given, of several of a kind the last.

      iex> options = Proctor.Options.validate(:cmd, "sh", ["-c", "true"], uid: "daemon", env: [{"A", nil}])
      iex> {options.args, options.into, options.uid, options.env}
      {["-c", "true"], "", "daemon", [{~c"A", false}]}

  `:cgroup` becomes `:cgroup_controllers` and `:cgroup_sets`; to a
  `:cgroup_base` comes the `:cgroup_path` of a new group below it.

      iex> Proctor.Options.validate(:daemon, "sh", [], cgroup: %{pids_max: 10}, cgroup_path: "a/b")
      ...> |> Map.take([:cgroup_controllers, :cgroup_sets])
      %{cgroup_controllers: ["pids"], cgroup_sets: [{"pids", "pids.max", "10"}]}

  Raises `ArgumentError`, and an `ErlangError` of `:enoent` if there is no such
  program.

      iex> Proctor.Options.validate(:daemon, "sh", [], timeout: 5)
      ** (ArgumentError) invalid option :timeout with value 5

      iex> Proctor.Options.validate(:cmd, "no-such-program", [], [])
      ** (ErlangError) Erlang error: :enoent
  """
  @doc since: "0.1.0"
  @spec validate(context(), String.t(), [String.t()], keyword()) :: map()
  def validate(context, cmd, args, options)
      when context in [:cmd, :daemon] and is_binary(cmd) and is_list(args) do
    words!(context, cmd, args)
    start = %{cmd: find!(cmd), args: args, into: ""}
    read = Enum.reduce(options, start, &option!(context, &1, &2))
    cgroup!(read)
  end

  @doc false
  def names(context), do: for({name, whose, _} <- @rows, context in whose, do: name)

  @doc false
  # Whether the program and its arguments are such.
  def words!(context, cmd, args) do
    if String.contains?(cmd, "\0"),
      do:
        raise(
          ArgumentError,
          "cannot execute #{function(context)} for program with null byte, got: #{inspect(cmd)}"
        )

    unless Enum.all?(args, &is_binary/1),
      do: raise(ArgumentError, "all arguments for #{function(context)} must be binaries")

    :ok
  end

  defp function(:cmd), do: "Proctor.cmd/3"
  defp function(:daemon), do: "Proctor.Daemon.start_link/3"

  # A name with a slash is a path, and one is taken from the root only.
  defp find!(cmd) do
    found =
      cond do
        Path.type(cmd) == :absolute -> cmd
        String.contains?(cmd, "/") -> nil
        true -> System.find_executable(cmd)
      end

    found || :erlang.error(:enoent)
  end

  defp option!(context, {name, value}, read) do
    with {_, whose, type} <- List.keyfind(@rows, name, 0),
         true <- context in whose,
         {:ok, value} <- check(type, value) do
      Map.merge(Map.delete(read, name), put(name, value))
    else
      {:invalid, expected} -> invalid!(name, value, ", expected #{expected}")
      _ -> invalid!(name, value, "")
    end
  end

  defp option!(_context, option, _read),
    do: raise(ArgumentError, "invalid option #{inspect(option)}")

  @doc false
  def invalid!(name, value, more \\ ""),
    do:
      raise(
        ArgumentError,
        "invalid option #{inspect(name)} with value #{inspect(value)}#{more}"
      )

  defp put(:cgroup, map) do
    {controllers, sets} = Cgroups.translate_config(map)
    %{cgroup_controllers: controllers, cgroup_sets: sets, cgroup: map}
  end

  defp put(name, value), do: %{name => value}

  defp check(:any, value), do: {:ok, value}
  defp check(:positive, value) when is_integer(value) and value > 0, do: {:ok, value}
  defp check(:integer, value) when is_integer(value), do: {:ok, value}
  defp check(:boolean, value) when is_boolean(value), do: {:ok, value}
  defp check(:text, value) when is_binary(value), do: {:ok, value}
  defp check(:list, value) when is_list(value), do: {:ok, value}
  defp check(:name, value) when is_integer(value) or is_binary(value), do: {:ok, value}
  defp check(:level, value) when value in @levels, do: {:ok, value}
  defp check(:function, value) when is_function(value), do: {:ok, value}
  defp check(:cgroup, value) when is_map(value), do: {:ok, value}
  defp check(:wait_for, value) when is_function(value, 0), do: {:ok, value}
  defp check(:wait_for, _), do: {:invalid, "a 0-arity function"}
  defp check(:logger_fun, value) when is_function(value, 1), do: {:ok, value}

  defp check(:logger_fun, {module, function}) when is_atom(module) and is_atom(function),
    do: {:ok, {module, function, []}}

  defp check(:logger_fun, {module, function, args} = value)
       when is_atom(module) and is_atom(function) and is_list(args),
       do: {:ok, value}

  defp check(:logger_fun, _), do: {:invalid, "a 1-arity function or an mfa tuple"}

  defp check(:groups, value) when is_list(value) and length(value) <= @most_groups do
    Enum.each(value, fn entry ->
      unless group?(entry),
        do: raise(ArgumentError, "invalid :groups entry: #{inspect(entry)}")
    end)

    {:ok, value}
  end

  defp check(:env, value) do
    if Enumerable.impl_for(value), do: {:ok, Enum.map(value, &variable/1)}, else: :error
  end

  defp check(_, _), do: :error

  defp group?(entry) when is_integer(entry), do: entry > 0

  defp group?(entry) when is_binary(entry),
    do: entry not in ["", "0"] and not String.contains?(entry, ",")

  defp group?(_), do: false

  defp variable({name, nil}) when is_binary(name), do: {String.to_charlist(name), false}

  defp variable({name, value}) when is_binary(name) and is_binary(value),
    do: {String.to_charlist(name), String.to_charlist(value)}

  defp variable(other),
    do: raise(ArgumentError, "invalid environment key-value #{inspect(other)}")

  defp cgroup!(%{cgroup_path: _, cgroup_base: _}),
    do: raise(ArgumentError, "cannot specify both a cgroup_path and a cgroup_base")

  defp cgroup!(%{cgroup_base: base} = read) do
    unique = :erlang.phash2({System.pid(), System.os_time(), make_ref()}, 0x80000000)
    name = unique |> Integer.to_string(36) |> String.pad_leading(6, "0")
    without_map(Map.put(read, :cgroup_path, base <> "/" <> name))
  end

  defp cgroup!(%{cgroup: map} = read) when map != %{} and not is_map_key(read, :cgroup_path) do
    raise ArgumentError, @no_path
  end

  defp cgroup!(read), do: without_map(read)

  defp without_map(read), do: Map.delete(read, :cgroup)

  @doc false
  # What `Proctor.cmd/3` is given, in its own words: of several of a kind the
  # last. `:root` if it is to run as that, which MuonTrap's options never do.
  def cmd(program, args, options) do
    words!(:cmd, program, args)
    if Keyword.keyword?(options), do: in_own_words(program, last(options)), else: options
  end

  defp in_own_words(program, options) do
    {theirs, ours} = Enum.split_with(options, &theirs?/1)
    read = theirs |> Enum.reduce(%{}, &option!(:cmd, &1, &2)) |> cgroup!()

    if root?(read),
      do: :root,
      else: ours ++ Enum.flat_map(read, &own/1) ++ place!(read, program, ours)
  end

  defp theirs?({name, _} = option), do: name in @only_theirs and not our_cgroup?(option)

  @doc false
  # Of MuonTrap it is a map, and needs a path.
  def our_cgroup?({:cgroup, asked}), do: asked in [true, false, :auto]
  def our_cgroup?(_), do: false

  @doc false
  def last(options),
    do: options |> Enum.reverse() |> Enum.uniq_by(&elem(&1, 0)) |> Enum.reverse()

  @doc false
  # Which instance and which group in it a command is for: it runs there or not at
  # all. `ours` are its other options.
  def place!(read, program, ours) do
    asked = [Map.get(read, :cgroup_controllers, []), Map.get(read, :cgroup_sets, [])]

    cond do
      Map.has_key?(read, :cgroup_path) ->
        alone!(ours)
        Cgroups.place!(read, program)

      asked != [[], []] ->
        raise ArgumentError, @no_path

      true ->
        []
    end
  end

  # Each base has an instance of its own, on this node.
  defp alone!(ours) do
    for name <- [:instance, :node, :cgroup], Keyword.has_key?(ours, name) do
      raise ArgumentError, "cannot specify both a cgroup_path or cgroup_base and #{name}"
    end
  end

  @doc false
  # Whether what MuonTrap refuses is asked for.
  def root?(read), do: Enum.any?([:uid, :gid], &(Map.get(read, &1) in [0, "0", "root"]))

  @doc false
  # One of MuonTrap's options as the other functions have it.
  def own({:uid, uid}), do: [user: uid]
  def own({:gid, gid}), do: [group: gid]
  def own({:stdio_window, window}), do: [window: max(window, @least_window)]
  def own({:delay_to_sigkill, delay}), do: [kill_grace: max(delay, 0)]
  def own({:groups, groups}), do: [groups: groups]
  def own({:capture_stderr_only, true}), do: [capture_stderr_only: true]
  def own({name, value}) when name in [:cd, :arg0], do: [{name, value}]
  def own({:env, env}), do: [env: Enum.map(env, fn {k, v} -> {k, v || nil} end)]
  def own(_), do: []
end
