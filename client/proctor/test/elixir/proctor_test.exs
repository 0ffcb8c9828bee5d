defmodule ProctorTest do
  use ExUnit.Case, async: true
  import Proctor.Test.Helpers
  alias Proctor.{Error, Result}

  doctest Proctor
  doctest Proctor.Signal

  defp sh(text, options),
    do: Proctor.run(["sh", "-c", text], Keyword.put_new(options, :timeout, 10_000))

  defp out(text, options), do: text |> sh(options) |> elem(1) |> Map.get(:stdout)

  defp tmp(context, name) do
    folder =
      Path.join(System.tmp_dir!(), "proctor-#{System.pid()}-#{:erlang.phash2(context.test)}")

    File.mkdir_p!(folder)
    on_exit(fn -> File.rm_rf!(folder) end)
    Path.join(folder, name)
  end

  describe "run/2" do
    test "answers with any status" do
      for status <- [0, 1, 7, 255] do
        assert {:ok, %Result{status: ^status, reason: :normal}} = sh("exit #{status}", [])
      end
    end

    test "answers with a signal" do
      assert {:ok, %Result{status: {:signal, 9}, reason: :normal}} = sh("kill -9 $$", [])
    end

    test "keeps the streams apart, and all of both" do
      assert {:ok, %Result{stdout: "out\n", stderr: "err\n"}} = sh("echo out; echo err >&2", [])

      assert {:ok, %Result{stdout: out, stderr: err}} =
               sh("head -c 1000000 /dev/zero; head -c 500000 /dev/zero >&2", [])

      assert {byte_size(out), byte_size(err)} == {1_000_000, 500_000}
    end

    test "says what was used, who it was and how long it took" do
      assert {:ok, %Result{} = result} = sh("echo $$", [])
      assert result.stdout == "#{result.os_pid}\n"
      assert result.usage.maxrss_kb > 0
      assert is_integer(result.duration_ms)
      assert result.command == "sh"
      refute result.killed
      assert result.truncated == []
    end

    test "requires a timeout, by either name" do
      assert_raise KeyError, ~r/:timeout_ms/, fn -> Proctor.run(["true"], []) end
      assert {:ok, %Result{status: 0}} = Proctor.run(["true"], timeout_ms: 5_000)
      assert {:ok, %Result{status: 0}} = Proctor.run(["true"], timeout: :infinity)
    end

    test "ends what takes too long, with all that it has started" do
      assert {:error, {:timeout, %Result{status: {:signal, 15}, reason: :timeout} = result}} =
               Proctor.run(["sh", "-c", "sleep 1000 & echo $!; wait"], timeout: 200)

      assert gone?(String.trim(result.stdout))
      assert gone?(result.os_pid)
    end

    test "a command that ends well when its time is over was out of time" do
      assert {:error, {:timeout, %Result{status: 0}}} =
               sh("trap 'exit 0' TERM; while :; do sleep 0.05; done", timeout: 200)
    end

    test "kills who is deaf, after its grace, in milliseconds" do
      for name <- [:kill_grace, :kill_grace_ms, :delay_to_sigkill] do
        assert {:error, {:timeout, %Result{status: {:signal, 9}, killed: true} = result}} =
                 sh("trap '' TERM; while :; do sleep 0.05; done", [{:timeout, 100}, {name, 100}])

        # More than a second is no timeout of a hundred and a grace of a hundred.
        assert result.duration_ms < 5_000
      end
    end

    test "stops with another signal" do
      assert {:error, {:timeout, %Result{stdout: "int\n"}}} =
               sh("trap 'echo int; exit' INT; while :; do sleep 0.05; done",
                 timeout: 300,
                 stop_signal: :int
               )
    end

    test "ends what says nothing for too long" do
      assert {:error, {:idle_timeout, %Result{stdout: "a\n", reason: :idle_timeout}}} =
               sh("echo a; sleep 1000", idle_timeout: 200)

      assert {:ok, %Result{status: 0}} =
               sh("for i in 1 2 3 4 5 6; do echo a; sleep 0.1; done", idle_timeout_ms: 5_000)
    end

    test "ends what says too much" do
      assert {:error, {:max_output, %Result{stdout: "y\ny\n", reason: :max_output}}} =
               Proctor.run(["yes"], timeout: 10_000, max_output: 4)
    end

    test "input, and its end" do
      assert {:ok, %Result{stdout: "5\n"}} =
               Proctor.run(["wc", "-c"], timeout: 10_000, input: ["12", [?3, "45"]])

      assert {:ok, %Result{stdout: "0\n"}} = Proctor.run(["wc", "-c"], timeout: 10_000)
    end

    test "stdin from a file, or closed", context do
      file = tmp(context, "in")
      File.write!(file, "123")

      assert {:ok, %Result{stdout: "3\n"}} =
               Proctor.run(["wc", "-c"], timeout: 10_000, stdin: {:file, file})

      assert {:ok, %Result{status: status}} = sh("exec cat", stdin: :close)
      assert status != 0
    end

    test "merges the streams, by each of the names" do
      for option <- [merge_stderr: true, stderr_to_stdout: true, stderr: :merge] do
        assert {:ok, %Result{stdout: "a\nb\n", stderr: ""}} = sh("echo a; echo b >&2", [option])
      end

      assert {:ok, %Result{stderr: "b\n"}} = sh("echo a; echo b >&2", merge_stderr: false)
    end

    test "output goes elsewhere", context do
      file = tmp(context, "out")
      assert {:ok, %Result{stdout: ""}} = sh("echo a", stdout: :discard)
      assert {:ok, %Result{stdout: ""}} = sh("echo a", stdout: {:file, file})
      assert {:ok, _} = sh("echo b", stdout: {:file, file, append: true})
      assert File.read!(file) == "a\nb\n"

      assert {:ok, _} = sh("echo c >&2", stderr: {:file, file <> "2", mode: 0o600})
      assert File.read!(file <> "2") == "c\n"
      assert Bitwise.band(File.stat!(file <> "2").mode, 0o777) == 0o600
    end

    test "output goes to a process or a function" do
      assert {:ok, %Result{stdout: ""}} = sh("echo a", stdout: self())
      assert_receive {:stdout, _, "a\n"}
      me = self()
      assert {:ok, _} = sh("echo b", stdout: &send(me, {:got, &1}))
      assert_receive {:got, "b\n"}
    end

    test "output goes into a collectable, in the caller" do
      assert {:ok, %Result{stdout: ["a\n"]}} = sh("echo a", stdout: [])
      assert {:ok, %Result{stdout: set}} = sh("echo a", stdout: MapSet.new())
      assert set == MapSet.new(["a\n"])
    end

    test "directory and environment" do
      assert out("pwd", cd: "/") == "/\n"
      assert out("echo $A", env: [{"A", "1"}]) == "1\n"
      assert out("echo $A", env: %{"A" => "1"}) == "1\n"
      assert out("echo $A", env: [A: "1"]) == "1\n"
      assert out("echo ${HOME-none}", env: %{"HOME" => nil}) == "none\n"
      assert out("echo \"<$A>\"", env: %{"A" => ""}) == "<>\n"
      assert out("/usr/bin/env", env: %{"A" => "1"}, clear_env: true) =~ ~r/^A=1$/m
      refute out("/usr/bin/env", env: %{"A" => "1"}, clear_env: true) =~ "HOME="
    end

    test "arg0" do
      assert {:ok, %Result{stdout: "me\n"}} =
               Proctor.run(["sh", "-c", "echo $0"], timeout: 10_000, arg0: "me")
    end

    test "umask" do
      assert out("umask", umask: 0o027) =~ ~r/^0*27$/
    end

    test "how much it may have" do
      assert out("ulimit -Sn; ulimit -Hn", rlimit: [nofile: {40, 50}]) == "40\n50\n"
      assert out("ulimit -Sn; ulimit -t", rlimit: %{nofile: 40, cpu: 9}) == "40\n9\n"
      assert out("cat /proc/$$/oom_score_adj", oom_score_adj: 700) == "700\n"
      assert out("ionice -p $$", ionice: :idle) == "idle\n"
      assert out("ionice -p $$", ionice: {:best_effort, 6}) == "best-effort: prio 6\n"
      assert out("grep NoNewPrivs /proc/$$/status", no_new_privs: true) =~ ~r/\t1$/

      assert {:error, {:spawn, %Error{stage: :rlimit, posix: :einval, detail: "cpus"}}} =
               sh("true", cpus: "0,1023")
    end

    test "cpu_timeout" do
      assert {:error, {:timeout, %Result{reason: :timeout, status: {:signal, 24}}}} =
               sh("while :; do :; done", cpu_timeout: 1, rlimit: [core: 0])
    end

    test "nice" do
      assert out("nice", nice: 5) == "5\n"
    end

    test "what cannot be run" do
      assert {:error, {:spawn, %Error{kind: :spawn, stage: :exec, posix: :enoent} = error}} =
               Proctor.run(["no-such-program", "secret"], timeout: 1_000)

      assert Exception.message(error) =~ "no-such-program cannot run"
      refute Exception.message(error) =~ "secret"

      assert {:error, {:spawn, %Error{stage: :exec, posix: :eacces}}} =
               Proctor.run(["/etc/passwd"], timeout: 1_000)

      assert {:error, {:spawn, %Error{stage: :chdir, posix: :enoent}}} =
               Proctor.run(["true"], timeout: 1_000, cd: "/no/such")
    end

    test "a user who may not be fails closed" do
      assert {:error, {:spawn, %Error{}}} =
               Proctor.run(["id"], timeout: 1_000, user: "no-such-user-here")
    end

    test "options are strict, and their values are not told" do
      raises = fn options ->
        assert_raise ArgumentError, fn -> Proctor.run(["true"], [{:timeout, 1} | options]) end
      end

      assert raises.(no_such: 1).message == "Proctor.run/2: there is no option :no_such"
      assert raises.(lines: 1).message == "Proctor.run/2: takes no option :lines"
      assert raises.(timeout_ms: 1).message == "Proctor.run/2: option timeout_ms is given twice"
      assert raises.(cgroup: 5).message =~ "option cgroup must be true, false, :auto, or limits"
      assert raises.(cgroup: [5]).message =~ "option cgroup must be true, false"

      for limits <- [%{pids_max: {:secret}}, [pids_max: {:secret}]] do
        message = raises.(cgroup: limits).message
        assert message =~ "option cgroup must be limits that there are: pids_max: It is a number"
        refute message =~ "secret"
      end

      for {option, wanted} <- [
            cd: "a path",
            env: "an enumerable",
            clear_env: "true or false",
            user: "a name or a number",
            group: "a name or a number",
            groups: "a list",
            nice: "an integer",
            umask: "an integer that is not negative",
            rlimit: "an enumerable of names and limits",
            cpus: "a string",
            ionice: ":idle",
            oom_score_adj: "an integer that is not negative",
            no_new_privs: "true or false",
            cpu_timeout: "a positive integer",
            arg0: "a string",
            stdin: ":null",
            stdout: ":capture",
            stderr: ":capture",
            merge_stderr: "true or false",
            idle_timeout: "milliseconds",
            kill_grace: "an integer",
            stop_signal: "a signal",
            kill: "a string",
            kill_group: "true or false",
            linger: "an integer",
            max_output: "bytes",
            window: "bytes",
            node: "an atom",
            telemetry_metadata: "a map"
          ] do
        message = raises.([{option, {:secret}}]).message
        assert message =~ "option #{option} must be #{wanted}"
        refute message =~ "secret"
      end

      for value <- [0, -1, 1.5, "1", nil] do
        assert_raise ArgumentError, ~r/option timeout must be milliseconds/, fn ->
          Proctor.run(["true"], timeout: value)
        end
      end

      assert_raise ArgumentError, "Proctor.run/2: options must be a keyword list", fn ->
        Proctor.run(["true"], [:timeout])
      end
    end

    test "bad arguments are refused before anything runs" do
      for bad <- ["a\0b", :atom, 1] do
        assert {:error, {:spawn, %Error{kind: :options} = error}} =
                 Proctor.run(["echo", bad], timeout: 1_000)

        assert Exception.message(error) =~ "echo cannot run with these options: argument 1"
      end
    end

    test "no control group, and one where there are any" do
      for cgroup <- [false, :auto] do
        assert {:ok, %Result{status: 0}} = Proctor.run(["true"], timeout: 5_000, cgroup: cgroup)
      end
    end
  end

  test "a killed caller's command is gone" do
    me = self()

    {pid, monitor} =
      spawn_monitor(fn ->
        Proctor.run(["sh", "-c", "echo $$; exec sleep 1000"],
          timeout: :infinity,
          stdout: &send(me, {:os_pid, String.trim(&1)})
        )
      end)

    assert_receive {:os_pid, os_pid}
    Process.exit(pid, :kill)
    assert_receive {:DOWN, ^monitor, _, _, _}
    eventually(fn -> gone?(os_pid) end)
  end

  describe "run!/2" do
    test "says what a control group cannot be" do
      for {reason, message} <- [
            {{:cgroup, :enodev, "memory_max"},
             "make cannot run: control group: no such device (\"memory_max\")"},
            {{:limit, :eperm, "memory_max"},
             "make cannot run: it is permitted less than it asks for (\"memory_max\")"}
          ],
          do: assert(Exception.message(Error.from_erlang(reason, "make")) == message)
    end

    test "raises what says why" do
      for {text, options, message} <- [
            {"exit 3", [], "sh exited with 3"},
            {"kill -9 $$", [], "sh was ended by signal 9 (sigkill)"},
            {"sleep 10", [timeout: 50], "sh took longer than its timeout"},
            {"sleep 10", [idle_timeout: 50], "sh wrote nothing for longer than its idle_timeout"},
            {"yes", [max_output: 1], "sh wrote more than max_output"}
          ] do
        error =
          assert_raise Error, fn ->
            Proctor.run!("sh", ["-c", text], Keyword.merge([timeout: 10_000], options))
          end

        assert Exception.message(error) == message
        assert %Result{} = error.result
      end
    end
  end

  describe "cmd/3" do
    test "status of a signal is as a shell has it" do
      assert Proctor.cmd("sh", ["-c", "kill -TERM $$"]) == {"", 143}
    end

    test "into, lines" do
      assert Proctor.cmd("printf", ["a\nb"], into: [], lines: 10) == {["a", "b"], 0}
      assert Proctor.cmd("printf", ["abcd\n"], lines: 2) == {["ab", "cd"], 0}
      all = Enum.map(1..50_000, &Integer.to_string/1)
      assert Proctor.cmd("seq", ["50000"], lines: 10) == {all, 0}
      assert Proctor.cmd("seq", ["50000"], into: MapSet.new(), lines: 10) == {MapSet.new(all), 0}
      assert {["a\n"], 0} = Proctor.cmd("echo", ["a"], into: [])
    end

    test "into runs in the caller, and what it raises is raised there" do
      me = self()

      into = %Proctor.Test.Sink{fun: fn _ -> send(me, {:in, self()}) end}
      assert {_, 0} = Proctor.cmd("echo", ["a"], into: into)
      assert_receive {:in, ^me}

      assert_raise RuntimeError, "no more", fn ->
        Proctor.cmd("yes", [], into: %Proctor.Test.Sink{fun: fn _ -> raise "no more" end})
      end

      refute_received _
    end

    test "stderr_to_stdout, env, cd, arg0, parallelism" do
      assert Proctor.cmd("sh", ["-c", "echo a >&2"], stderr_to_stdout: true) == {"a\n", 0}
      assert Proctor.cmd("sh", ["-c", "echo $A"], env: [{"A", "b"}]) == {"b\n", 0}
      assert Proctor.cmd("pwd", [], cd: "/") == {"/\n", 0}
      assert Proctor.cmd("true", [], parallelism: true) == {"", 0}
    end

    test "the node's environment as it is now" do
      System.put_env("PROCTOR_TEST_NOW", "yes")
      assert Proctor.cmd("sh", ["-c", "echo $PROCTOR_TEST_NOW"]) == {"yes\n", 0}
      env = [{"PROCTOR_TEST_NOW", nil}]
      assert Proctor.cmd("sh", ["-c", "echo $PROCTOR_TEST_NOW"], env: env) == {"\n", 0}
      env = [{"PROCTOR_TEST_NOW", "mine"}]
      assert Proctor.cmd("sh", ["-c", "echo $PROCTOR_TEST_NOW"], env: env) == {"mine\n", 0}
      assert Proctor.cmd("env", [], env: env, clear_env: true) == {"PROCTOR_TEST_NOW=mine\n", 0}
      System.delete_env("PROCTOR_TEST_NOW")
      assert Proctor.cmd("sh", ["-c", "echo $PROCTOR_TEST_NOW"]) == {"\n", 0}
    end

    test "reads nothing, unless it is told" do
      assert Proctor.cmd("cat", []) == {"", 0}
      assert Proctor.cmd("cat", [], input: "in") == {"in", 0}
    end

    test "timeouts" do
      assert {"a\n", :timeout} = Proctor.cmd("sh", ["-c", "echo a; sleep 10"], timeout: 200)
      assert {_, :idle_timeout} = Proctor.cmd("sleep", ["10"], idle_timeout: 50)
      assert {["y\n"], :max_output} = Proctor.cmd("yes", [], into: [], max_output: 2)
    end

    test "what cannot be run" do
      assert_raise ErlangError, fn -> Proctor.cmd("no-such-program", []) end
      assert_raise Error, fn -> Proctor.cmd("/etc/passwd", []) end
    end
  end

  test "shell/2" do
    assert Proctor.shell("echo $((1+1)); exit 2") == {"2\n", 2}
    assert Proctor.shell("-no-such-program; echo a", stderr: :discard) == {"a\n", 0}
    assert Proctor.shell("echo a; echo b", lines: 10) == {["a", "b"], 0}
  end

  test "pipe/2 has the status of each" do
    assert {:ok, %Result{statuses: [1, 0], status: 0}} =
             Proctor.pipe([["false"], ["cat"]], timeout: 10_000)

    assert {:error, {:spawn, %Error{posix: :enoent}}} =
             Proctor.pipe([["true"], ["no-such-program"]], timeout: 10_000)
  end

  test "find/1, list/1, info/1" do
    assert Proctor.find("sh") =~ ~r{^/.*/sh$}
    assert is_list(Proctor.list())
    assert {:ok, %{instance: :proctor}} = Proctor.info()
    assert {:error, _} = Proctor.info(instance: :no_such_instance)
    assert_raise ArgumentError, fn -> Proctor.list(timeout: 1) end
  end

  describe "inspect" do
    test "a result shows how much there is, and little of it" do
      {:ok, result} = sh("head -c 100000 /dev/zero | tr '\\0' x", [])

      assert inspect(result) =~
               ~r/^#Proctor.Result<0, stdout: "x{64}"\.\.\. \(100000 bytes\), \d+ ms>$/

      {:ok, result} = sh("echo a; exit 1", [])
      assert inspect(result) =~ ~r/^#Proctor.Result<1, stdout: "a\\n", \d+ ms>$/
      {:ok, result} = sh("echo a", stdout: [])
      assert inspect(result) =~ ~r/^#Proctor.Result<0, stdout: \["a\\n"\], \d+ ms>$/
    end

    test "so do ends and errors" do
      [exit: exit] =
        Proctor.stream(["sh", "-c", "head -c 1000 /dev/zero | tr '\\0' x >&2; exit 2"],
          stderr: :capture
        )
        |> Enum.to_list()

      assert inspect(exit) =~ ~r/^#Proctor.Exit<2, stderr: "x{64}"\.\.\. \(1000 bytes\)>$/

      {:error, {:spawn, error}} = Proctor.run(["no-such-program", "secret"], timeout: 1_000)

      assert inspect(error) ==
               ~s(#Proctor.Error<:spawn, "no-such-program", :exec, :enoent, ) <>
                 ~s(detail: "no-such-program">)

      error =
        assert_raise Proctor.Stream.Error, fn ->
          Proctor.lines(["sh", "-c", "echo secret; exit 2"], timeout: 10_000) |> Enum.to_list()
        end

      assert inspect(error) == ~s(#Proctor.Stream.Error<"sh", 2>)
    end
  end
end
