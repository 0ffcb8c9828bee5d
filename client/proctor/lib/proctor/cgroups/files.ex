defmodule Proctor.Cgroups.Files do
  @moduledoc false

  # The files of control groups, wherever their trees are mounted. A path is that
  # of a group below there, which in a tree of version 1 has the same, or, for a
  # controller that `olds` has, that one.

  alias Proctor.Cgroups.Names

  @type tree :: %{version: 1 | 2, point: String.t(), controllers: [String.t()]}

  @doc "The trees that there are, that of version 2 first."
  @spec trees() :: [tree()]
  def trees do
    case File.read("/proc/self/mountinfo") do
      {:ok, text} -> trees(text)
      {:error, _} -> []
    end
  end

  @doc false
  def trees(mountinfo) do
    mountinfo
    |> String.split("\n", trim: true)
    |> Enum.flat_map(&tree/1)
    |> Enum.sort_by(& &1.version, :desc)
  end

  defp tree(line) do
    with [mount, kind] <- String.split(line, " - ", parts: 2),
         [_, _, _, _root, point | _] <- String.split(mount, " "),
         [type, _source, options | _] when type in ["cgroup", "cgroup2"] <-
           String.split(kind, " ") do
      point = Regex.replace(~r/\\([0-7]{3})/, point, fn _, octal -> <<octal(octal)>> end)
      [read(type, point, options)]
    else
      _ -> []
    end
  end

  defp octal(digits), do: digits |> String.to_integer(8) |> rem(256)

  defp read("cgroup", point, options),
    do: %{version: 1, point: point, controllers: String.split(options, ",")}

  defp read("cgroup2", point, _options) do
    case File.read(Path.join(point, "cgroup.controllers")) do
      {:ok, text} -> %{version: 2, point: point, controllers: String.split(text)}
      {:error, _} -> %{version: 2, point: point, controllers: []}
    end
  end

  @doc "Where a file of a group is: full paths, the likeliest first."
  def paths(path, file, olds \\ %{}) do
    controller = file |> String.split(".") |> hd()

    for tree <- trees(),
        tree.version == 2 or controller in tree.controllers,
        do:
          Path.join([
            tree.point,
            if(tree.version == 2, do: path, else: old(olds, controller, path)),
            file
          ])
  end

  defp old(olds, controller, path), do: Map.get(olds, controller, path)

  @doc """
  The paths in trees of version 1, by controller, of a process in that group. They
  differ from that of version 2 if those of the port program do. Where nothing of it
  is limited it is in no group of its own, and there is none.
  """
  @spec olds(pos_integer(), String.t()) :: %{String.t() => String.t()}
  def olds(os_pid, path) do
    case File.read("/proc/#{os_pid}/cgroup") do
      {:ok, text} -> olds_of(text, path)
      {:error, _} -> %{}
    end
  end

  @doc false
  def olds_of(text, path) do
    lines =
      for line <- String.split(text, "\n", trim: true), do: String.split(line, ":", parts: 3)

    # The instance, the target and the leaf.
    own = "/" <> (path |> Path.split() |> Enum.take(-3) |> Path.join())

    # Whose pid it is by now may be in any.
    if Enum.any?(lines, &contains?(&1, "/" <> path)) do
      for [_, controllers, old] <- lines,
          String.ends_with?(old, own),
          name <- String.split(controllers, ",", trim: true),
          into: %{},
          do: {name, old}
    else
      %{}
    end
  end

  # Where there is no version 2 the freezer does.
  defp contains?(["0", "", path], path), do: true
  defp contains?([_, names, path], path), do: "freezer" in String.split(names, ",")
  defp contains?(_line, _path), do: false

  @doc """
  What a file says. One that only the other version has is read there, and what
  it says comes as the one that was asked for would have it.
  """
  @spec get(String.t(), String.t(), map()) :: {:ok, String.t()} | {:error, File.posix()}
  def get(path, file, olds) do
    if valid?(path) and name?(file), do: get_valid(path, file, olds), else: {:error, :einval}
  end

  defp get_valid(path, file, olds) do
    case first(path, file, olds) do
      {:ok, text} -> {:ok, text}
      {:error, reason} -> with(nil <- other(file, &first(path, &1, olds)), do: {:error, reason})
    end
  end

  @doc "Writes a file, where it is."
  @spec put(String.t(), String.t(), String.t(), map()) :: :ok | {:error, File.posix()}
  def put(path, file, value, olds) do
    if valid?(path) and name?(file) do
      case Enum.filter(paths(path, file, olds), &File.exists?/1) do
        [found | _] -> File.write(found, value)
        [] -> {:error, :enoent}
      end
    else
      {:error, :einval}
    end
  end

  defp first(path, file, olds) do
    Enum.find_value(paths(path, file, olds), {:error, :enoent}, fn full ->
      case File.read(full) do
        {:ok, text} -> {:ok, String.trim_trailing(text)}
        {:error, :enoent} -> nil
        {:error, reason} -> {:error, reason}
      end
    end)
  end

  # Below its tree, and nowhere else.
  defp valid?(path) do
    not String.contains?(path, "\0") and Enum.all?(Path.split(path), &(&1 not in ["..", "."]))
  end

  defp name?(file), do: file not in ["", ".", ".."] and not String.contains?(file, ["/", "\0"])

  ## What only the other version has

  @same %{
    "memory.current" => "memory.usage_in_bytes",
    "memory.peak" => "memory.max_usage_in_bytes"
  }
  @back Map.new(@same, fn {new, old} -> {old, new} end)

  defp other("memory.max", get),
    do: with({:ok, n} <- number(get, "memory.limit_in_bytes"), do: {:ok, max(n)})

  defp other("memory.limit_in_bytes", get) do
    case get.("memory.max") do
      {:ok, "max"} -> {:ok, "9223372036854771712"}
      {:ok, text} -> {:ok, text}
      _ -> nil
    end
  end

  defp other("memory.swap.current", get), do: key(get, "memory.stat", "total_swap")

  defp other("memory.events", get) do
    with {:ok, kills} <- key(get, "memory.oom_control", "oom_kill"),
         {:ok, max} <- number(get, "memory.failcnt"),
         do: {:ok, "max #{max}\noom_kill #{kills}"}
  end

  defp other("cpu.weight", get),
    do: with({:ok, n} <- number(get, "cpu.shares"), do: {:ok, "#{Names.weight(n)}"})

  defp other("cpu.shares", get),
    do: with({:ok, n} <- number(get, "cpu.weight"), do: {:ok, "#{Names.shares(n)}"})

  defp other("cpu.max", get) do
    with {:ok, quota} <- number(get, "cpu.cfs_quota_us"),
         {:ok, period} <- number(get, "cpu.cfs_period_us"),
         do: {:ok, "#{if quota < 0, do: "max", else: quota} #{period}"}
  end

  defp other("cpu.cfs_quota_us", get) do
    case get.("cpu.max") do
      {:ok, "max " <> _} -> {:ok, "-1"}
      {:ok, text} -> {:ok, text |> String.split() |> hd()}
      _ -> nil
    end
  end

  defp other("cpu.cfs_period_us", get),
    do: with({:ok, text} <- get.("cpu.max"), do: {:ok, text |> String.split() |> List.last()})

  defp other("io.weight", get),
    do: with({:ok, n} <- number(get, "blkio.bfq.weight"), do: {:ok, "default #{n}"})

  defp other(file, get) when is_map_key(@same, file), do: get.(@same[file]) |> found()
  defp other(file, get) when is_map_key(@back, file), do: get.(@back[file]) |> found()
  defp other(_file, _get), do: nil

  defp found({:ok, text}), do: {:ok, text}
  defp found(_), do: nil

  defp number(get, file) do
    with {:ok, text} <- get.(file), {n, _} <- Integer.parse(text), do: {:ok, n}, else: (_ -> nil)
  end

  defp key(get, file, key) do
    with {:ok, text} <- get.(file),
         %{^key => n} <- numbers(text),
         do: {:ok, "#{n}"},
         else: (_ -> nil)
  end

  defp max(n) when n >= 0x4000000000000000, do: "max"
  defp max(n), do: "#{n}"

  @doc "Lines of a name and a number."
  def numbers(text) do
    for line <- String.split(text, "\n"),
        [name, n] <- [String.split(line)],
        {n, ""} <- [Integer.parse(n)],
        into: %{},
        do: {name, n}
  end

  @doc "What stalls have cost, of lines as in `some avg10=0.00 total=5`."
  def pressure(text) do
    for line <- String.split(text, "\n", trim: true),
        [kind | values] <- [String.split(line)],
        into: %{},
        do: {kind, Map.new(values, &stall/1)}
  end

  defp stall(text) do
    [name, value] = String.split(text, "=", parts: 2)
    {name, if(name == "total", do: String.to_integer(value), else: String.to_float(value))}
  end
end
