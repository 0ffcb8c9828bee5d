defmodule Proctor.Cgroups do
  @moduledoc """
  Control groups, as MuonTrap has them.

  proctor has none yet: there is nothing to read, what is asked of one is
  `{:error, :enotsup}`, and a command that is to run in one does not run. What
  stays below a command when it ends, its process group and the instance see to.
  """
  @moduledoc since: "0.1.0"

  @type posix :: :enotsup

  # {key, controller, file, type}
  @keys [
    {:cpu_weight, "cpu", "cpu.weight", :integer},
    {:cpu_max, "cpu", "cpu.max", :quota},
    {:cpu_idle, "cpu", "cpu.idle", :boolean},
    {:io_weight, "io", "io.weight", :integer},
    {:memory_min, "memory", "memory.min", :size},
    {:memory_low, "memory", "memory.low", :size},
    {:memory_high, "memory", "memory.high", :limit},
    {:memory_max, "memory", "memory.max", :limit},
    {:memory_swap_max, "memory", "memory.swap.max", :limit},
    {:memory_oom_group, "memory", "memory.oom.group", :boolean},
    {:pids_max, "pids", "pids.max", :limit},
    {:cpuset_cpus, "cpuset", "cpuset.cpus", :text},
    {:cpuset_mems, "cpuset", "cpuset.mems", :text}
  ]

  @doc """
  Whether commands can run in control groups: not yet.

      iex> Proctor.Cgroups.cgroups_enabled?()
      false
  """
  @doc since: "0.1.0"
  @spec cgroups_enabled?() :: boolean()
  def cgroups_enabled?, do: false

  @doc """
  The controllers that there are for them.

      iex> Proctor.Cgroups.get_controllers()
      {:error, :enotsup}
  """
  @doc since: "0.1.0"
  @spec get_controllers() :: {:ok, [String.t()]} | {:error, posix()}
  def get_controllers, do: {:error, :enotsup}

  @doc """
  What a file of a control group says.

      iex> Proctor.Cgroups.cgget("proctor_test/a", "memory.max")
      {:error, :enotsup}
  """
  @doc since: "0.1.0"
  @spec cgget(String.t(), String.t()) :: {:ok, String.t()} | {:error, posix()}
  def cgget(path, file) when is_binary(path) and is_binary(file), do: {:error, :enotsup}

  @doc """
  Writes a file of a control group.

      iex> Proctor.Cgroups.cgset("proctor_test/a", "memory.max", "4096")
      {:error, :enotsup}
  """
  @doc since: "0.1.0"
  @spec cgset(String.t(), String.t(), String.t()) :: :ok | {:error, posix()}
  def cgset(path, file, value) when is_binary(path) and is_binary(file) and is_binary(value),
    do: {:error, :enotsup}

  @doc """
  What a control group is set to, as far as it can be read.

      iex> Proctor.Cgroups.config("proctor_test/a")
      %{}
  """
  @doc since: "0.1.0"
  @spec config(String.t()) :: map()
  def config(path) when is_binary(path), do: %{}

  @doc """
  What is used in a control group, as far as it can be read.

      iex> Proctor.Cgroups.statistics("proctor_test/a")
      %{}
  """
  @doc since: "0.1.0"
  @spec statistics(String.t()) :: map()
  def statistics(path) when is_binary(path), do: %{}

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
    case List.keyfind(@keys, key, 0) do
      {_, controller, file, type} ->
        {controller, file, text(type, value) || bad!(key, value)}

      nil ->
        raise ArgumentError, "unknown cgroup config field: #{inspect(key)}"
    end
  end

  defp bad!(key, value),
    do: raise(ArgumentError, "invalid value for #{inspect(key)}: #{inspect(value)}")

  defp text(:integer, value) when is_integer(value), do: Integer.to_string(value)
  defp text(:size, value) when is_integer(value) and value >= 0, do: Integer.to_string(value)
  defp text(:limit, :max), do: "max"
  defp text(:limit, value), do: text(:size, value)
  defp text(:boolean, value) when value in [true, 1], do: "1"
  defp text(:boolean, value) when value in [false, 0], do: "0"
  defp text(:text, value) when is_binary(value), do: value
  defp text(:quota, :max), do: "max 100000"

  defp text(:quota, {quota, period})
       when is_integer(quota) and quota >= 0 and is_integer(period) and period > 0,
       do: "#{quota} #{period}"

  defp text(_, _), do: nil
end
