defmodule Proctor.Cgroups do
  @moduledoc """
  Control groups, as MuonTrap has them.

  `Proctor.cmd/3` and `Proctor.Daemon` take MuonTrap's options. Of a `:cgroup_base`
  each command has a group of its own in an instance below that base, and of a
  `:cgroup_path` it has the last part as its name, in one below what stands before
  that. Such an instance, a port program of its own, is started when it is first
  needed, with the options of `config :proctor`, and stays until the application
  ends. The other functions, and `Proctor.Instance`, take `cgroup:` with limits and
  need no base: see `Proctor`.

  Limits are those of version 2 of control groups or, in MuonTrap 1's
  `:cgroup_sets`, of version 1, whatever the system has: where a controller is in a
  tree of version 1 they hold there. One that cannot be had refuses the command.

  Paths are those below where the trees are mounted, usually `/sys/fs/cgroup`.
  """
  @moduledoc since: "0.1.0"

  alias Proctor.Cgroups.{Files, Names}

  @type posix :: File.posix()

  @numbers ~w(memory.current memory.peak memory.swap.current pids.current pids.peak)
  @maps ~w(memory.events cpu.stat pids.events cgroup.stat)
  @pressures ~w(memory.pressure cpu.pressure io.pressure)

  # What version 1 calls another way.
  @controllers %{"blkio" => "io"}
  @no_controllers ~w(cpuacct devices freezer rw ro noprefix xattr)

  @doc """
  Whether there are controllers at all.

      iex> Proctor.Cgroups.cgroups_enabled?() == match?({:ok, [_ | _]}, Proctor.Cgroups.get_controllers())
      true
  """
  @doc since: "0.1.0"
  @spec cgroups_enabled?() :: boolean()
  def cgroups_enabled?, do: match?({:ok, [_ | _]}, get_controllers())

  @doc """
  The controllers that the system has, in trees of either version.
  """
  @doc since: "0.1.0"
  @spec get_controllers() :: {:ok, [String.t()]} | {:error, posix()}
  def get_controllers do
    case Files.trees() do
      [] -> {:error, :enoent}
      trees -> {:ok, trees |> Enum.flat_map(&controllers/1) |> Enum.uniq()}
    end
  end

  defp controllers(%{controllers: controllers}) do
    for name <- controllers,
        name not in @no_controllers,
        not String.contains?(name, "="),
        do: Map.get(@controllers, name, name)
  end

  @doc """
  What a file of a control group says, without the newline at its end.

  A file that only the other version of control groups has is read there:
  `"memory.max"` as `"memory.limit_in_bytes"`, and so on.

      iex> Proctor.Cgroups.cgget("no_such_group", "memory.max")
      {:error, :enoent}
      iex> Proctor.Cgroups.cgget("../..", "memory.max")
      {:error, :einval}
  """
  @doc since: "0.1.0"
  @spec cgget(String.t(), String.t()) :: {:ok, String.t()} | {:error, posix()}
  def cgget(path, file) when is_binary(path) and is_binary(file), do: Files.get(path, file, %{})

  @doc """
  Writes a file of a control group, with the rights of the node.

      iex> Proctor.Cgroups.cgset("no_such_group", "memory.max", "4096")
      {:error, :enoent}
  """
  @doc since: "0.1.0"
  @spec cgset(String.t(), String.t(), String.t()) :: :ok | {:error, posix()}
  def cgset(path, file, value) when is_binary(path) and is_binary(file) and is_binary(value),
    do: Files.put(path, file, value, %{})

  @doc """
  What a control group is set to, as far as it can be read: what a `:cgroup` map
  would have.

      iex> Proctor.Cgroups.config("no_such_group")
      %{}
  """
  @doc since: "0.1.0"
  @spec config(String.t()) :: map()
  def config(path) when is_binary(path), do: config(path, %{})

  @doc false
  def config(path, olds) do
    for {key, file, _, type} <- Names.limits(),
        {:ok, text} <- [Files.get(path, file, olds)],
        value <- [Names.value(type, text)],
        value != nil,
        into: %{},
        do: {key, value}
  end

  @doc """
  What is used in a control group, as far as it can be read: numbers, maps of
  numbers, and what stalls have cost, each under the name of its file.

      iex> Proctor.Cgroups.statistics("no_such_group")
      %{}
  """
  @doc since: "0.1.0"
  @spec statistics(String.t()) :: map()
  def statistics(path) when is_binary(path), do: statistics(path, %{})

  @doc false
  def statistics(path, olds) do
    for {files, read} <- [
          {@numbers, &number/1},
          {@maps, &Files.numbers/1},
          {@pressures, &Files.pressure/1}
        ],
        file <- files,
        {:ok, text} <- [Files.get(path, file, olds)],
        value = read.(text),
        into: %{},
        do: {file, value}
  end

  defp number(text), do: with({n, ""} <- Integer.parse(text), do: n, else: (_ -> nil))

  @doc """
  The controllers that a `:cgroup` map needs, and what is to be written into
  which of their files.

      iex> Proctor.Cgroups.translate_config(%{cpu_max: {50_000, 100_000}})
      {["cpu"], [{"cpu", "cpu.max", "50000 100000"}]}

      iex> Proctor.Cgroups.translate_config(%{memory_max: -1})
      ** (ArgumentError) invalid value for :memory_max: -1

      iex> Proctor.Cgroups.translate_config(%{no_such: 1})
      ** (ArgumentError) unknown cgroup config field: :no_such
  """
  @doc since: "0.1.0"
  @spec translate_config(map()) :: {[String.t()], [{String.t(), String.t(), String.t()}]}
  def translate_config(map) when is_map(map) do
    sets = Enum.map(map, &set!/1)
    {sets |> Enum.map(&elem(&1, 0)) |> Enum.uniq(), sets}
  end

  defp set!({key, value}) do
    case List.keyfind(Names.limits(), key, 0) do
      {_, file, controller, type} ->
        {controller, file, Names.text(type, value) || bad!(key, value)}

      nil ->
        raise ArgumentError, "unknown cgroup config field: #{inspect(key)}"
    end
  end

  defp bad!(key, value),
    do: raise(ArgumentError, "invalid value for #{inspect(key)}: #{inspect(value)}")

  @doc false
  # What MuonTrap's options ask for: an instance, and the group in it. Raises
  # `Proctor.Error`.
  def place!(%{cgroup_path: path} = read, program) do
    sets = Map.get(read, :cgroup_sets, [])
    {base, limits} = base!(read, path, program)

    limits =
      case Names.from_sets(sets) do
        {:ok, map} -> Map.merge(limits, map)
        {:error, posix, file} -> refuse!(posix, file, program)
      end

    {instance, has} = instance!(base, program)
    # Those of limits the port program misses itself, by the names of these.
    named = Map.get(read, :cgroup_controllers, []) -- Enum.map(sets, &elem(&1, 0))
    for name <- named, not has?(name, has), do: refuse!(:enodev, missing(name), program)
    [instance: instance, cgroup: limits]
  end

  defp base!(%{cgroup_base: base}, _path, program), do: {below(parts!(base, program)), %{}}

  # The last part is its own.
  defp base!(_read, path, program) do
    {above, [name]} = path |> parts!(program) |> Enum.split(-1)
    {below(above), %{name: name}}
  end

  defp below(parts), do: "/" <> Enum.join(parts, "/")

  defp parts!(path, program) do
    parts = String.split(path, "/", trim: true)

    if parts == [] or String.contains?(path, "\0") or
         Enum.any?(parts, &String.starts_with?(&1, ".")),
       do: refuse!(:einval, path, program)

    parts
  end

  defp instance!(base, program) do
    case :proctor_sup.based(base) do
      {:ok, instance, %{cgroup: %{controllers: controllers}}} -> {instance, controllers}
      {:error, {:cgroup, posix, why}} -> refuse!(posix, why, program)
      {:error, reason} when reason in [:not_started, :port_closed] -> gone!(reason, program)
      {:error, _} -> refuse!(:eperm, base, program)
    end
  end

  # Some are part of each group anyway.
  defp has?(name, _has) when name in ["cpuacct", "freezer"], do: true
  defp has?("blkio", has), do: :io in has
  defp has?(name, has), do: Enum.any?(has, &(Atom.to_string(&1) == name))

  defp missing(name) when is_binary(name), do: name
  defp missing(_), do: "cgroup_controllers"

  @spec refuse!(atom(), term(), String.t()) :: no_return()
  defp refuse!(posix, detail, program),
    do:
      raise(%Proctor.Error{
        kind: :spawn,
        stage: :cgroup,
        posix: posix,
        detail: detail,
        command: program
      })

  defp gone!(reason, program),
    do: raise(Proctor.Error.from_erlang({:port, :eio, reason}, program))
end
