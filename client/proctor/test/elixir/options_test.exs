defmodule Proctor.OptionsTest do
  use ExUnit.Case, async: true

  alias Proctor.Options

  doctest Proctor.Options
  doctest Proctor.Cgroups

  @both [
    cd: {"/tmp", 5},
    arg0: {"a", nil},
    stderr_to_stdout: {true, "true"},
    capture_stderr_only: {false, 0},
    parallelism: {true, :yes},
    stdio_window: {-5, "5"},
    delay_to_sigkill: {0, 1.5},
    uid: {"nobody", :nobody},
    gid: {5, nil},
    groups: {[1, "audio"], "audio"},
    cgroup: {%{}, []},
    cgroup_controllers: {["memory"], "memory"},
    cgroup_sets: {[{"memory", "memory.limit_in_bytes", "8192"}], %{}},
    cgroup_path: {"a/b", ~c"a"},
    cgroup_base: {"a", nil}
  ]

  @cmd [into: {[], :none}, timeout: {1, 0}]

  @daemon [
    name: {:a, :none},
    log_output: {:warn, :loud},
    log_prefix: {"p", :p},
    log_transform: {&__MODULE__.same/1, "x"},
    logger_metadata: {[a: 1], %{}},
    exit_status_to_reason: {&__MODULE__.same/1, 5}
  ]

  def same(a), do: a

  defp refused(context, name, value) do
    text = "invalid option #{inspect(name)} with value #{inspect(value)}"

    assert_raise ArgumentError, text, fn ->
      Options.validate(context, "true", [], [{name, value}])
    end
  end

  defp taken(context, name, value) do
    read = Options.validate(context, "true", [], [{name, value}])
    unless name == :cgroup, do: assert(read[name] == value)
    read
  end

  for {name, {good, bad}} <- @both, context <- [:cmd, :daemon] do
    test "#{context}: #{name}" do
      taken(unquote(context), unquote(name), unquote(Macro.escape(good)))
      refused(unquote(context), unquote(name), unquote(Macro.escape(bad)))
    end
  end

  for {mine, other, rows} <- [{:cmd, :daemon, @cmd}, {:daemon, :cmd, @daemon}],
      {name, {good, bad}} <- rows do
    test "#{mine}: #{name}, which is none of a #{other}" do
      taken(unquote(mine), unquote(name), unquote(Macro.escape(good)))
      refused(unquote(other), unquote(name), unquote(Macro.escape(good)))

      for bad <- unquote(Macro.escape(List.delete([bad], :none))),
          do: refused(unquote(mine), unquote(name), bad)
    end
  end

  test "an option that there is not" do
    for context <- [:cmd, :daemon], do: refused(context, :no_such, [1])
    assert_raise ArgumentError, fn -> Options.validate(:cmd, "true", [], [5]) end
  end

  test "timeout is positive" do
    for value <- [0, -1, 1.0, :infinity, "5"], do: refused(:cmd, :timeout, value)
  end

  test "every level" do
    for level <- ~w(emergency alert critical error warning warn notice info debug)a,
        do: taken(:daemon, :log_output, level)
  end

  test "what is there without options" do
    true_at = System.find_executable("true")

    for context <- [:cmd, :daemon] do
      assert Options.validate(context, "true", ["a"], []) == %{
               cmd: true_at,
               args: ["a"],
               into: ""
             }

      assert Options.validate(context, "/no/such", [], []).cmd == "/no/such"
    end
  end

  test "the last of several" do
    assert Options.validate(:cmd, "true", [], cd: "a", cd: "b").cd == "b"
    assert_raise ArgumentError, fn -> Options.validate(:cmd, "true", [], cd: 5, cd: "b") end
  end

  test "programs" do
    for {context, function} <- [cmd: "Proctor.cmd/3", daemon: "Proctor.Daemon.start_link/3"] do
      text = "cannot execute #{function} for program with null byte, got: #{inspect("tr\0ue")}"
      assert_raise ArgumentError, text, fn -> Options.validate(context, "tr\0ue", [], []) end
      text = "all arguments for #{function} must be binaries"
      assert_raise ArgumentError, text, fn -> Options.validate(context, "true", [~c"a"], []) end
      assert catch_error(Options.validate(context, "no-such-program", [], [])) == :enoent
      assert catch_error(Options.validate(context, "bin/sh", [], [])) == :enoent
    end

    assert_raise FunctionClauseError, fn -> Options.validate(:cmd, true, [], []) end
    assert_raise FunctionClauseError, fn -> Options.validate(:cmd, "true", "a", []) end
  end

  test "environment" do
    assert Options.validate(:cmd, "true", [], env: %{"A" => "b"}).env == [{~c"A", ~c"b"}]
    assert Options.validate(:cmd, "true", [], env: [{"A", nil}]).env == [{~c"A", false}]
    refused(:cmd, :env, 5)

    for bad <- [{"A", 1}, {:a, "b"}, "A=b"] do
      text = "invalid environment key-value #{inspect(bad)}"

      assert_raise ArgumentError, text, fn ->
        Options.validate(:daemon, "true", [], env: [bad])
      end
    end
  end

  test "groups" do
    taken(:cmd, :groups, [])
    taken(:cmd, :groups, Enum.to_list(1..256))
    refused(:cmd, :groups, Enum.to_list(1..257))

    for bad <- [0, -1, "", "0", "a,b", :a, nil] do
      assert_raise ArgumentError, "invalid :groups entry: #{inspect(bad)}", fn ->
        Options.validate(:cmd, "true", [], groups: ["audio", bad])
      end
    end
  end

  test "functions of a daemon" do
    fun = fn -> :ok end
    assert taken(:daemon, :wait_for, fun).wait_for == fun

    assert_raise ArgumentError,
                 "invalid option :wait_for with value :a, expected a 0-arity function",
                 fn -> Options.validate(:daemon, "true", [], wait_for: :a) end

    taken(:daemon, :logger_fun, &same/1)
    taken(:daemon, :logger_fun, {IO, :puts, [1]})
    read = Options.validate(:daemon, "true", [], logger_fun: {IO, :puts})
    assert read.logger_fun == {IO, :puts, []}

    for bad <- [fun, :a, {IO, "puts"}, {IO, :puts, 1}] do
      text =
        "invalid option :logger_fun with value #{inspect(bad)}, " <>
          "expected a 1-arity function or an mfa tuple"

      assert_raise ArgumentError, text, fn ->
        Options.validate(:daemon, "true", [], logger_fun: bad)
      end
    end
  end

  describe "cgroups" do
    defp cgroup(map), do: Options.validate(:cmd, "true", [], cgroup: map, cgroup_path: "a/b")

    test "each key, its file and what it takes" do
      for {key, controller, file, values} <- [
            {:cpu_weight, "cpu", "cpu.weight", [{-5, "-5"}, {100, "100"}]},
            {:io_weight, "io", "io.weight", [{1, "1"}]},
            {:cpu_max, "cpu", "cpu.max", [{:max, "max 100000"}, {{0, 1}, "0 1"}]},
            {:cpu_idle, "cpu", "cpu.idle", [{true, "1"}, {false, "0"}, {1, "1"}, {0, "0"}]},
            {:memory_oom_group, "memory", "memory.oom.group", [{true, "1"}, {0, "0"}]},
            {:memory_min, "memory", "memory.min", [{0, "0"}]},
            {:memory_low, "memory", "memory.low", [{1, "1"}]},
            {:memory_high, "memory", "memory.high", [{1, "1"}, {:max, "max"}]},
            {:memory_max, "memory", "memory.max", [{268_435_456, "268435456"}, {:max, "max"}]},
            {:memory_swap_max, "memory", "memory.swap.max", [{0, "0"}, {:max, "max"}]},
            {:pids_max, "pids", "pids.max", [{5, "5"}, {:max, "max"}]},
            {:cpuset_cpus, "cpuset", "cpuset.cpus", [{"0-3", "0-3"}]},
            {:cpuset_mems, "cpuset", "cpuset.mems", [{"0", "0"}]}
          ] do
        for {value, text} <- values do
          read = cgroup(%{key => value})
          assert read.cgroup_sets == [{controller, file, text}]
          assert read.cgroup_controllers == [controller]
          refute Map.has_key?(read, :cgroup)
        end

        text = "invalid value for #{inspect(key)}: :bad"
        assert_raise ArgumentError, text, fn -> cgroup(%{key => :bad}) end
      end

      for {key, bad} <- [memory_min: :max, memory_max: -1, cpu_max: {-1, 1}, cpu_max: {1, 0}],
          do: assert_raise(ArgumentError, fn -> cgroup(%{key => bad}) end)
    end

    test "an unknown key" do
      text = "unknown cgroup config field: :cgroup_path"
      assert_raise ArgumentError, text, fn -> cgroup(%{cgroup_path: "a"}) end
    end

    test "controllers once each" do
      assert cgroup(%{memory_max: 1, memory_min: 1, pids_max: 1}).cgroup_controllers ==
               ["memory", "pids"]
    end

    test "where" do
      base = fn -> Options.validate(:daemon, "true", [], cgroup_base: "a") end
      assert %{cgroup_base: "a", cgroup_path: path} = base.()
      assert ["a", name] = Path.split(path)
      assert byte_size(name) > 4
      refute base.().cgroup_path == path

      assert_raise ArgumentError, "cannot specify both a cgroup_path and a cgroup_base", fn ->
        Options.validate(:cmd, "true", [], cgroup_path: "a", cgroup_base: "b")
      end

      text = "a :cgroup configuration requires a :cgroup_path or :cgroup_base"

      assert_raise ArgumentError, text, fn ->
        Options.validate(:cmd, "true", [], cgroup: %{pids_max: 1})
      end

      assert Options.validate(:cmd, "true", [], cgroup: %{}).cgroup_sets == []
    end
  end
end
