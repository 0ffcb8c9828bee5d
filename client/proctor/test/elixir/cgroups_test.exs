defmodule Proctor.CgroupsTest do
  # What files of control groups are called and say, without any group.
  use ExUnit.Case, async: true

  alias Proctor.Cgroups
  alias Proctor.Cgroups.{Files, Names}

  describe "limits of MuonTrap's sets" do
    defp limits(sets), do: Names.from_sets(for {file, text} <- sets, do: {"c", file, text})

    test "each file, of either version" do
      for {file, text, limits} <- [
            {"cpu.weight", "100", %{cpu_weight: 100}},
            {"cpu.weight", "-5", %{cpu_weight: -5}},
            {"cpu.max", "max 100000", %{cpu_max: :max}},
            {"cpu.max", "50000 100000", %{cpu_max: {50_000, 100_000}}},
            {"cpu.max", "50000", %{cpu_max: {50_000, 100_000}}},
            {"cpu.idle", "1", %{cpu_idle: true}},
            {"cpu.idle", "0", %{cpu_idle: false}},
            {"io.weight", "default 50", %{io_weight: 50}},
            {"memory.min", "0", %{memory_min: 0}},
            {"memory.low", "4096", %{memory_low: 4096}},
            {"memory.high", "max", %{memory_high: :max}},
            {"memory.max", "256M", %{memory_max: 268_435_456}},
            {"memory.swap.max", "0", %{memory_swap_max: 0}},
            {"memory.oom.group", "1", %{memory_oom_group: true}},
            {"pids.max", "5\n", %{pids_max: 5}},
            {"pids.max", "max", %{pids_max: :max}},
            {"cpuset.cpus", "0-3,5", %{cpuset_cpus: "0-3,5"}},
            {"cpuset.mems", "0", %{cpuset_mems: "0"}},
            {"memory.limit_in_bytes", "8192", %{memory_max: 8192}},
            {"memory.limit_in_bytes", "8k", %{memory_max: 8192}},
            {"memory.limit_in_bytes", "1g", %{memory_max: 1_073_741_824}},
            {"memory.limit_in_bytes", "-1", %{memory_max: :max}},
            {"memory.limit_in_bytes", "9223372036854771712", %{memory_max: :max}},
            {"memory.memsw.limit_in_bytes", "-1", %{memory_swap_max: :max}},
            {"cpu.shares", "512", %{cpu_weight: 50}},
            {"cpu.shares", 1024, %{cpu_weight: 100}},
            {"cpu.shares", "2", %{cpu_weight: 1}},
            {"cpu.shares", "262144", %{cpu_weight: 10_000}},
            {"cpu.cfs_quota_us", 50_000, %{cpu_max: {50_000, 100_000}}},
            {"cpu.cfs_quota_us", "-1", %{cpu_max: :max}},
            {"cpu.cfs_period_us", "50000", %{cpu_max: :max}},
            {"blkio.weight", "500", %{io_weight: 500}},
            {"blkio.bfq.weight", "500", %{io_weight: 500}},
            {"blkio.throttle.read_bps_device", "8:0 5", %{io_max: [{"8:0", %{rbps: 5}}]}},
            {"blkio.throttle.write_bps_device", "8:0 0", %{io_max: [{"8:0", %{wbps: :max}}]}},
            {"blkio.throttle.read_iops_device", "8:0 5", %{io_max: [{"8:0", %{riops: 5}}]}},
            {"blkio.throttle.write_iops_device", "8:0 5", %{io_max: [{"8:0", %{wiops: 5}}]}}
          ],
          do: assert({file, text, limits([{file, text}])} == {file, text, {:ok, limits}})
    end

    test "two files for one limit, and one file for two" do
      assert limits([{"cpu.cfs_period_us", "20000"}, {"cpu.cfs_quota_us", "10000"}]) ==
               {:ok, %{cpu_max: {10_000, 20_000}}}

      assert limits([
               {"memory.memsw.limit_in_bytes", "3M"},
               {"memory.limit_in_bytes", "2M"}
             ]) == {:ok, %{memory_max: 2_097_152, memory_swap_max: 1_048_576}}

      for sets <- [
            [{"memory.memsw.limit_in_bytes", "3M"}],
            [{"memory.memsw.limit_in_bytes", "1M"}, {"memory.limit_in_bytes", "2M"}]
          ],
          do: assert(limits(sets) == {:error, :einval, "memory.memsw.limit_in_bytes"})

      assert limits([
               {"blkio.throttle.read_bps_device", "8:0 5"},
               {"blkio.throttle.write_bps_device", "8:16 6"},
               {"blkio.throttle.read_iops_device", "8:0 7"}
             ]) ==
               {:ok, %{io_max: [{"8:0", %{rbps: 5, riops: 7}}, {"8:16", %{wbps: 6}}]}}
    end

    test "half of a limit, beside what there is" do
      now = fn "cpu.max" -> "10000 20000" end

      for {file, text, expected} <- [
            {"cpu.cfs_quota_us", "5000", {5_000, 20_000}},
            {"cpu.cfs_period_us", "40000", {10_000, 40_000}},
            {"cpu.cfs_quota_us", "-1", :max}
          ],
          do: assert(Names.from_sets([{"cpu", file, text}], now) == {:ok, %{cpu_max: expected}})
    end

    test "what is none" do
      for {file, text} <- [
            {"memory.max", "nonsense"},
            {"memory.max", "-2"},
            {"memory.limit_in_bytes", "1T5"},
            {"pids.max", ""},
            {"cpu.max", "a b"},
            {"cpu.max", "1 2 3"},
            {"cpu.idle", "2"},
            {"cpu.shares", "many"},
            {"blkio.weight", ""},
            {"cpuset.cpus", ""},
            {"blkio.throttle.read_bps_device", "8:0"},
            {"blkio.throttle.read_bps_device", "8:0 -1"}
          ],
          do: assert(limits([{file, text}]) == {:error, :einval, file})

      assert limits([{"memory.swappiness", "1"}]) == {:error, :enodev, "memory.swappiness"}
      assert Names.from_sets([{"memory", "memory.max", 1.0}]) == {:error, :einval, "memory.max"}
      assert Names.from_sets([5]) == {:error, :einval, "cgroup_sets"}
      assert Names.from_sets([]) == {:ok, %{}}
    end

    test "what a map becomes is what it was" do
      map = %{
        cpu_weight: 5,
        cpu_max: {1000, 2000},
        cpu_idle: false,
        io_weight: 7,
        memory_min: 0,
        memory_low: 1,
        memory_high: :max,
        memory_max: 4096,
        memory_swap_max: 0,
        memory_oom_group: true,
        pids_max: :max,
        cpuset_cpus: "0-1",
        cpuset_mems: "0"
      }

      {_, sets} = Cgroups.translate_config(map)
      assert Names.from_sets(sets) == {:ok, map}
    end
  end

  describe "where the trees are" do
    test "of either version, by mountinfo" do
      text = """
      31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      35 31 0:32 / /sys/fs/cgroup/a\\040b rw,nosuid shared:5 - cgroup cgroup rw,memory
      38 31 0:35 / /no/such/place rw,relatime - cgroup2 cgroup2 rw
      nonsense
      1 - 2
      """

      assert [
               %{version: 2, point: "/no/such/place", controllers: []},
               %{version: 1, point: "/sys/fs/cgroup/cpu,cpuacct", controllers: cpu},
               %{version: 1, point: "/sys/fs/cgroup/a b", controllers: memory}
             ] = Files.trees(text)

      assert "cpu" in cpu
      assert "memory" in memory
    end

    test "what this system has" do
      case {Files.trees(), Cgroups.get_controllers()} do
        {[], answer} ->
          assert answer == {:error, :enoent}
          refute Cgroups.cgroups_enabled?()

        {[_ | _], {:ok, names}} ->
          assert Cgroups.cgroups_enabled?() == (names != [])
          assert names == Enum.uniq(names)
          for name <- names, do: assert(name =~ ~r/\A[a-z_]+\z/)
      end
    end
  end

  test "no path leaves the trees, and no file its group" do
    for path <- ["..", "a/../..", "./a", "a\0"], do: refused(path, "memory.max")
    for file <- ["", "..", ".", "../x", "a/b", "a\0"], do: refused("a", file)
  end

  defp refused(path, file) do
    assert Cgroups.cgget(path, file) == {:error, :einval}
    assert Cgroups.cgset(path, file, "1") == {:error, :einval}
  end

  test "where a process is in trees of version 1, if it has groups of its own there" do
    text = """
    8:pids:/proctor/1.a/t0/c5
    4:memory,hugetlb:/unit/proctor/1.a/t0/c5
    3:cpuset:/
    2:cpu:/unit/proctor/1.a/t0/c55
    1:name=systemd:/
    0::/app/proctor/1.a/t0/c5
    """

    assert Files.olds_of(text, "app/proctor/1.a/t0/c5") == %{
             "pids" => "/proctor/1.a/t0/c5",
             "memory" => "/unit/proctor/1.a/t0/c5",
             "hugetlb" => "/unit/proctor/1.a/t0/c5"
           }

    assert Files.olds_of(text, "app/proctor/1.a/t0/c4") == %{}
    assert Files.olds_of("", "a") == %{}

    # The freezer of version 1 contains.
    text = "8:pids:/x/proctor/1.a/t0/c5\n6:freezer:/proctor/1.a/t0/c5\n"

    assert Files.olds_of(text, "proctor/1.a/t0/c5") == %{
             "pids" => "/x/proctor/1.a/t0/c5",
             "freezer" => "/proctor/1.a/t0/c5"
           }

    assert Files.olds(4_194_305, "a") == %{}

    for %{version: 1, point: point, controllers: ["memory" | _]} <- Files.trees() do
      assert Files.paths("a/b", "memory.x", %{"memory" => "/u/b"}) |> List.last() ==
               point <> "/u/b/memory.x"
    end
  end

  test "what files say" do
    assert Files.numbers("oom 1\noom_kill 2\n\nx y z\nmax many") == %{"oom" => 1, "oom_kill" => 2}

    assert Files.pressure(
             "some avg10=0.00 avg60=1.50 avg300=0.25 total=12\nfull avg10=0.00 total=0"
           ) ==
             %{
               "some" => %{"avg10" => 0.0, "avg60" => 1.5, "avg300" => 0.25, "total" => 12},
               "full" => %{"avg10" => 0.0, "total" => 0}
             }

    for {type, text, value} <- [
          {:limit, "max", :max},
          {:limit, "5", 5},
          {:quota, "max 100000", :max},
          {:quota, "5 6", {5, 6}},
          {:quota, "5", nil},
          {:boolean, "1", true},
          {:boolean, "0", false},
          {:boolean, "2", nil},
          {:integer, "default 5", 5},
          {:integer, "x", nil},
          {:text, "", nil},
          {:text, "0-3", "0-3"}
        ],
        do: assert({type, text, Names.value(type, text)} == {type, text, value})
  end
end
