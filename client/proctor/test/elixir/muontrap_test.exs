defmodule Proctor.MuonTrapTest do
  # What a program has from `MuonTrap.cmd/3`, of `Proctor.cmd/3`.
  use ExUnit.Case, async: false
  import ExUnit.CaptureIO
  import Proctor.Test.Helpers

  alias Proctor.Error

  defp sh(text, options \\ []), do: Proctor.cmd("sh", ["-c", text], options)

  test "what it is not given" do
    text = "cannot execute Proctor.cmd/3 for program with null byte, got: #{inspect("a\0")}"
    assert_raise ArgumentError, text, fn -> Proctor.cmd("a\0", []) end
    text = "all arguments for Proctor.cmd/3 must be binaries"
    assert_raise ArgumentError, text, fn -> Proctor.cmd("echo", [:a]) end
    assert catch_error(Proctor.cmd("no-such-program", [])) == :enoent
    assert_raise FunctionClauseError, fn -> Proctor.cmd(:echo, []) end
    assert_raise FunctionClauseError, fn -> Proctor.cmd("echo", "a") end
    # MuonTrap cuts it.
    assert_raise Error, fn -> Proctor.cmd("echo", ["a\0b"]) end
  end

  test "wrong options" do
    for {name, value} <- [
          no_such: 1,
          timeout: 0,
          cd: 5,
          arg0: nil,
          stderr_to_stdout: "yes",
          capture_stderr_only: 1,
          parallelism: 1,
          stdio_window: "5",
          delay_to_sigkill: -1.0,
          uid: :root,
          gid: nil,
          groups: "audio",
          cgroup: 5,
          cgroup_path: 5,
          log_output: :info
        ] do
      text = "invalid option #{inspect(name)} with value #{inspect(value)}"
      assert_raise ArgumentError, text, fn -> Proctor.cmd("true", [], [{name, value}]) end
    end

    assert_raise ArgumentError, "invalid :groups entry: 0", fn ->
      Proctor.cmd("true", [], groups: [0])
    end

    error = assert_raise ArgumentError, fn -> Proctor.cmd("true", [], env: [{"A", {:secret}}]) end
    refute error.message =~ "secret"
    assert_raise ArgumentError, fn -> Proctor.cmd("true", [], [5]) end
    assert_raise ArgumentError, fn -> Proctor.cmd("true", [], stderr: []) end
    assert_raise ArgumentError, fn -> Proctor.Process.start(["true"], stdout: []) end
  end

  test "the last of several" do
    assert sh("pwd", cd: "/tmp", cd: "/") == {"/\n", 0}
  end

  test "into a collectable, in the caller's process" do
    assert {["a\n"], 0} = sh("echo a", into: [])

    test = self()

    into = fn
      acc, {:cont, data} -> send(test, {self(), data}) && acc
      acc, :done -> send(test, :done) && acc
      acc, :halt -> send(test, :halt) && acc
    end

    assert {:mine, 0} = sh("echo a", into: %Proctor.Test.Own{value: :mine, fun: into})
    assert_receive {^test, "a\n"}
    assert_receive :done

    assert {:mine, :timeout} =
             sh("sleep 10", into: %Proctor.Test.Own{value: :mine, fun: into}, timeout: 50)

    assert_receive :done

    failing = fn
      _, {:cont, _} -> raise "boom"
      _, :halt -> send(test, :halt)
    end

    assert_raise RuntimeError, "boom", fn ->
      sh("echo a", into: %Proctor.Test.Own{value: 1, fun: failing})
    end

    assert_receive :halt
  end

  test "stderr: the node's, in one, alone" do
    assert sh("readlink /proc/self/fd/2") == {File.read_link!("/proc/self/fd/2") <> "\n", 0}
    assert sh("echo out; echo err >&2", stderr_to_stdout: true) == {"out\nerr\n", 0}
    alone = [capture_stderr_only: true]
    assert sh("echo out; echo err >&2; exit 3", alone) == {"err\n", 3}
    assert sh("echo a >&2; echo b >&2", alone ++ [into: [], lines: 10]) == {["a", "b"], 0}
    assert sh("echo out", alone ++ [into: []]) == {[], 0}
    assert sh("echo a >&2; sleep 10", alone ++ [timeout: 100]) == {"a\n", :timeout}
    # Of both the second counts.
    assert sh("echo out; echo err >&2", alone ++ [stderr_to_stdout: true]) == {"err\n", 0}
  end

  test "a timeout, what came until then, and no message" do
    send(self(), {:timeout, make_ref()})
    assert {"a\n", :timeout} = sh("echo a; sleep 10", timeout: 250)
    assert {"", :timeout} = sh("sleep 10", timeout: 50)
    assert {:messages, [{:timeout, _}]} = Process.info(self(), :messages)
  end

  test "delay_to_sigkill, and 500 where it is not said" do
    deaf = "trap '' TERM; echo $$; while :; do sleep 0.05; done"

    for options <- [[], [delay_to_sigkill: 1], [delay_to_sigkill: 250]] do
      assert {out, :timeout} = sh(deaf, options ++ [timeout: 100])
      assert gone?(String.trim(out))
    end
  end

  test "a window of any size, and all of the output" do
    for window <- [-5, 0, 101, 10_240] do
      assert {out, 0} = sh("head -c 66890 /dev/zero", stdio_window: window)
      assert byte_size(out) == 66_890
    end
  end

  test "signals are 128 and their number" do
    assert sh("kill $$") == {"", 143}
  end

  test "file and name are two things", context do
    path =
      Path.join(System.tmp_dir!(), "muontrap-#{System.pid()}-#{:erlang.phash2(context.test)}")

    on_exit(fn -> File.rm(path) end)
    File.ln_s!(System.find_executable("sh"), path)
    assert Proctor.cmd(path, ["-c", "echo $0"], arg0: "sh") == {"sh\n", 0}
  end

  test "environment and parallelism" do
    assert sh("echo $A$HOME", env: %{"A" => "b", "HOME" => nil}, parallelism: true) == {"b\n", 0}
  end

  test "root is refused when it runs, with status 1" do
    for options <- [[uid: 0], [uid: "root"], [gid: 0], [gid: "root"]] do
      said =
        capture_io(:stderr, fn ->
          assert sh("echo secret", options) == {"", 1}
          assert sh("echo secret", [into: []] ++ options) == {[], 1}
        end)

      assert said =~ "may not be those of root"
      refute said =~ "secret"
    end
  end

  @tag skip: if(match?({"0\n", 0}, System.cmd("id", ["-u"])), do: false, else: "nobody but root")
  test "uid, gid and groups" do
    {:ok, _} =
      Proctor.Instance.start(name: :muontrap, root: true, user: "root", limit_users: ["all"])

    on_exit(fn -> Proctor.Instance.stop(:muontrap) end)
    who = fn options -> sh("id -u; id -g; id -G", [instance: :muontrap, cd: "/"] ++ options) end
    assert who.(uid: "daemon") == {"1\n1\n1\n", 0}
    assert who.(uid: 1) == {"1\n1\n1\n", 0}
    assert who.(uid: 1, gid: 65_534) == {"1\n65534\n65534\n", 0}
    assert {out, 0} = who.(uid: "daemon", groups: ["audio", 2])
    assert ["1", "1", groups] = String.split(out, "\n", trim: true)
    assert groups |> String.split() |> Enum.sort() == ["1", "2", "29"]
    assert_raise Error, fn -> who.(uid: "no-such-user") end

    said =
      capture_io(:stderr, fn ->
        sh("echo its own >&2", instance: :muontrap, uid: "daemon", cd: "/")
      end)

    assert said =~ "its own\n"
  end

  test "stderr is the node's all the same where an instance lends none" do
    for {mode, user, lends} <- [
          {:plain, "me", true},
          {:root, "root", true},
          {:root, "daemon", false},
          {:privileged, "me", false}
        ],
        do: assert(Proctor.Spec.lends_stderr?(%{mode: mode, user: user}) == lends)

    # What is known of an instance, if it were one of those.
    key = {Proctor.Spec, :lends_none}
    {:ok, server} = Proctor.Instance.start(name: :lends_none)
    on_exit(fn -> Proctor.Instance.stop(:lends_none) end)
    on_exit(fn -> :persistent_term.erase(key) end)
    options = [instance: :lends_none]
    assert sh("true", options) == {"", 0}
    assert {^server, lends} = :persistent_term.get(key)
    assert is_boolean(lends)
    :persistent_term.put(key, {server, false})

    said =
      capture_io(:stderr, fn ->
        assert sh("echo a >&2; echo out", options) == {"out\n", 0}
        assert sh("echo b >&2", [into: []] ++ options) == {[], 0}

        assert [exit: %{status: 0}] =
                 Enum.to_list(Proctor.stream(["sh", "-c", "echo c >&2"], options))
      end)

    assert said == "a\nb\nc\n"
  end

  test "a control group that cannot be is refused before anything is started" do
    for {options, posix, detail} <- [
          {[cgroup_base: "a/../b"], :einval, "a/../b"},
          {[cgroup_path: "/"], :einval, "/"},
          {[cgroup_path: ".hidden/a"], :einval, ".hidden/a"},
          {[cgroup_base: "a\0"], :einval, "a\0"},
          {[cgroup_base: "a", cgroup_sets: [{"memory", "memory.swappiness", "1"}]], :enodev,
           "memory.swappiness"},
          {[cgroup_base: "a", cgroup_sets: [{"memory", "memory.max", "nonsense"}]], :einval,
           "memory.max"},
          {[cgroup_base: "a", cgroup_sets: [{"memory"}]], :einval, "cgroup_sets"}
        ] do
      error = assert_raise Error, fn -> Proctor.cmd("echo", ["secret"], options) end
      assert %Error{stage: :cgroup, posix: ^posix, detail: ^detail} = error
      assert Exception.message(error) =~ "cannot run: control group: "
      refute Exception.message(error) =~ "secret"
    end

    text = "a :cgroup configuration requires a :cgroup_path or :cgroup_base"

    for options <- [
          [cgroup: %{memory_max: 5}],
          [cgroup_controllers: ["memory"]],
          [cgroup_sets: [{"memory", "memory.limit_in_bytes", "8192"}]]
        ],
        do: assert_raise(ArgumentError, text, fn -> Proctor.cmd("true", [], options) end)

    for other <- [instance: :proctor, node: node(), cgroup: true] do
      assert_raise ArgumentError, ~r/^cannot specify both a cgroup_path or cgroup_base and/, fn ->
        Proctor.cmd("true", [], [{:cgroup_base, "a"}, other])
      end
    end

    assert sh("echo a", cgroup: %{}) == {"a\n", 0}
    assert sh("echo a", cgroup: false) == {"a\n", 0}
    assert sh("echo a", cgroup: :auto) == {"a\n", 0}
  end

  test "its input is empty" do
    assert Proctor.cmd("cat", []) == {"", 0}
  end

  test "200 at once, each whole" do
    1..200
    |> Task.async_stream(fn n -> {n, Proctor.cmd("seq", ["1", "#{n * 100}"])} end,
      max_concurrency: 200,
      timeout: 60_000
    )
    |> Enum.each(fn {:ok, {n, {out, 0}}} ->
      assert out |> String.split() |> List.last() == "#{n * 100}"
    end)
  end
end
