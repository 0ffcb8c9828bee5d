defmodule Proctor.Cgroups.Names do
  @moduledoc false

  # What MuonTrap calls a limit, which is what a file of the kernel's is called,
  # of either version of control groups, and what proctor calls it.

  # {limit, file of version 2, controller, what its map takes}
  @limits [
    {:cpu_weight, "cpu.weight", "cpu", :integer},
    {:cpu_max, "cpu.max", "cpu", :quota},
    {:cpu_idle, "cpu.idle", "cpu", :boolean},
    {:io_weight, "io.weight", "io", :integer},
    {:memory_min, "memory.min", "memory", :size},
    {:memory_low, "memory.low", "memory", :size},
    {:memory_high, "memory.high", "memory", :limit},
    {:memory_max, "memory.max", "memory", :limit},
    {:memory_swap_max, "memory.swap.max", "memory", :limit},
    {:memory_oom_group, "memory.oom.group", "memory", :boolean},
    {:pids_max, "pids.max", "pids", :limit},
    {:cpuset_cpus, "cpuset.cpus", "cpuset", :text},
    {:cpuset_mems, "cpuset.mems", "cpuset", :text}
  ]

  # Files of version 1 that say the same.
  @old %{
    "memory.limit_in_bytes" => :memory_max,
    "cpu.shares" => :shares,
    "cpu.cfs_quota_us" => :quota,
    "cpu.cfs_period_us" => :period,
    "memory.memsw.limit_in_bytes" => :memory_and_swap,
    "blkio.weight" => :io_weight,
    "blkio.bfq.weight" => :io_weight,
    "blkio.throttle.read_bps_device" => {:io_max, :rbps},
    "blkio.throttle.write_bps_device" => {:io_max, :wbps},
    "blkio.throttle.read_iops_device" => {:io_max, :riops},
    "blkio.throttle.write_iops_device" => {:io_max, :wiops}
  }

  # As good as no limit, and how version 1 says that there is none.
  @huge 0x4000000000000000

  @doc "The limits with their files, controllers and types."
  def limits, do: @limits

  @doc "The file of a limit, and its value there; `nil` if it can have none such."
  def text(:integer, value) when is_integer(value), do: Integer.to_string(value)
  def text(:size, value) when is_integer(value) and value >= 0, do: Integer.to_string(value)
  def text(:limit, :max), do: "max"
  def text(:limit, value), do: text(:size, value)
  def text(:boolean, value) when value in [true, 1], do: "1"
  def text(:boolean, value) when value in [false, 0], do: "0"
  def text(:text, value) when is_binary(value), do: value
  def text(:quota, :max), do: "max 100000"

  def text(:quota, {quota, period})
      when is_integer(quota) and quota >= 0 and is_integer(period) and period > 0,
      do: "#{quota} #{period}"

  def text(_, _), do: nil

  @doc "The other way round, of what a file says; `nil` if it says none."
  def value(:boolean, text) when text in ["0", "1"], do: text == "1"
  def value(:boolean, _), do: nil
  def value(:text, ""), do: nil
  def value(:text, text), do: text

  def value(:quota, text) do
    case String.split(text) do
      ["max", _] -> :max
      [quota, period] -> with(q when q != nil <- number(quota), do: {q, number(period)})
      _ -> nil
    end
  end

  def value(:integer, "default " <> text), do: number(text)
  def value(_, "max"), do: :max
  def value(_, text), do: number(text)

  @doc """
  The limits that files with these values are: `{:ok, map}`, or the file that
  none can be had by, or whose value is none.

  `now` says what a file has at this moment, where one says half of a limit.
  """
  def from_sets(sets, now \\ fn _ -> nil end) do
    limits = Enum.reduce(sets, %{}, fn set, limits -> Map.merge(limits, one!(set)) end)
    {:ok, limits |> quota(now) |> swap() |> devices(sets)}
  catch
    {:bad, file} -> {:error, :einval, file}
    {:none, file} -> {:error, :enodev, file}
  end

  defp one!({controller, file, text})
       when is_binary(controller) and is_binary(file) and (is_binary(text) or is_integer(text)) do
    text = text |> to_string() |> String.trim()

    case {List.keyfind(@limits, file, 1), @old[file]} do
      {{name, _, _, type}, _} -> %{name => known!(type, file, text)}
      {nil, nil} -> throw({:none, file})
      {nil, {:io_max, _}} -> %{}
      {nil, :io_weight} -> %{io_weight: number(text) || throw({:bad, file})}
      {nil, :shares} -> %{cpu_weight: weight(number(text) || throw({:bad, file}))}
      {nil, name} -> %{name => old(text) || throw({:bad, file})}
    end
  end

  defp one!({_, file, _}) when is_binary(file), do: throw({:bad, file})
  defp one!(_), do: throw({:bad, "cgroup_sets"})

  # With the endings that the kernel takes.
  defp known!(type, file, text) do
    value =
      case type do
        type when type in [:size, :limit] -> if(text == "max", do: :max, else: old(text))
        :quota -> quota_text(text)
        _ -> value(type, text)
      end

    if value == nil, do: throw({:bad, file}), else: value
  end

  defp quota_text(text) do
    case String.split(text) do
      [quota] -> value(:quota, quota <> " 100000")
      _ -> value(:quota, text)
    end
  end

  defp old("-1"), do: :max

  defp old(text) do
    case Integer.parse(text) do
      {n, _} when n < 0 -> nil
      {n, ""} -> unlimited(n)
      {n, k} when k in ["k", "K"] -> unlimited(n * 1024)
      {n, m} when m in ["m", "M"] -> unlimited(n * 1024 * 1024)
      {n, g} when g in ["g", "G"] -> unlimited(n * 1024 * 1024 * 1024)
      _ -> nil
    end
  end

  defp unlimited(n) when n >= @huge, do: :max
  defp unlimited(n), do: n

  defp number(text) do
    case Integer.parse(text) do
      {n, ""} -> n
      _ -> nil
    end
  end

  @doc "Shares of version 1, of which 1,024 are usual, as a weight, and back."
  def weight(shares), do: min(max(div(shares * 100, 1024), 1), 10_000)
  def shares(weight), do: max(div(weight * 1024, 100), 2)

  # Two files say one limit.
  defp quota(limits, now) do
    case Map.split(limits, [:quota, :period]) do
      {half, limits} when half == %{} ->
        limits

      {half, limits} ->
        {quota, period} = merged(half, now.("cpu.max"))
        Map.put(limits, :cpu_max, if(quota == :max, do: :max, else: {quota, period}))
    end
  end

  defp merged(half, text) do
    {quota, period} =
      case text && value(:quota, text) do
        {quota, period} -> {quota, period}
        _ -> {:max, 100_000}
      end

    {Map.get(half, :quota, quota), Map.get(half, :period, period)}
  end

  # And one says two.
  defp swap(limits) do
    case Map.pop(limits, :memory_and_swap) do
      {nil, limits} ->
        limits

      {:max, limits} ->
        Map.put(limits, :memory_swap_max, :max)

      {both, %{memory_max: memory} = limits} when is_integer(memory) and both >= memory ->
        Map.put(limits, :memory_swap_max, both - memory)

      _ ->
        throw({:bad, "memory.memsw.limit_in_bytes"})
    end
  end

  defp devices(limits, sets) do
    rates =
      for {_, file, text} <- sets, {:io_max, rate} <- [@old[file]] do
        with [device, n] <- text |> to_string() |> String.split(),
             n when is_integer(n) and n >= 0 <- number(n) do
          {device, rate, if(n == 0, do: :max, else: n)}
        else
          _ -> throw({:bad, file})
        end
      end

    case rates |> Enum.group_by(&elem(&1, 0), &{elem(&1, 1), elem(&1, 2)}) |> Enum.to_list() do
      [] -> limits
      list -> Map.put(limits, :io_max, for({device, of} <- list, do: {device, Map.new(of)}))
    end
  end
end
