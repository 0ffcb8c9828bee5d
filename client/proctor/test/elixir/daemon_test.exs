defmodule Proctor.DaemonTest do
  use ExUnit.Case, async: false
  import ExUnit.CaptureLog
  import Proctor.Test.Helpers

  alias Proctor.{Daemon, Error, Exit}

  @moduletag :capture_log

  doctest Proctor.Daemon

  setup do
    Process.flag(:trap_exit, true)
    :ok
  end

  defp tmp(context) do
    path = Path.join(System.tmp_dir!(), "daemon-#{System.pid()}-#{:erlang.phash2(context.test)}")
    on_exit(fn -> File.rm_rf!(path) end)
    path
  end

  defp ended(daemon) do
    assert_receive {:EXIT, ^daemon, reason}
    reason
  end

  # What was logged by whom, with its metadata.
  defp logs(fun) do
    test = self()
    name = :"daemon_test_#{System.unique_integer([:positive])}"
    :ok = :logger.add_handler(name, __MODULE__, %{config: test})

    try do
      fun.()
    after
      :logger.remove_handler(name)
    end
  end

  def log(%{meta: meta, level: level, msg: {format, args}}, %{config: test})
      when is_list(args) and format != :string do
    send(test, {:log, level, IO.chardata_to_string(:io_lib.format(format, args)), meta})
  end

  def log(_event, _config), do: :ok

  describe "options" do
    defp kw(argv, options \\ []), do: Daemon.start_link([argv: argv] ++ options)
    defp sh(text, options \\ []), do: kw(["sh", "-c", text], options)

    test "ends as the program does" do
      for {text, reason} <- [
            {"exit 0", :normal},
            {"exit 3", {:exit_status, 3}},
            {"kill -9 $$", {:exit_signal, 9}}
          ] do
        {:ok, daemon} = sh("sleep 0.1; " <> text)
        assert ended(daemon) == reason
      end
    end

    test "starts before anything is known" do
      {:ok, daemon} = kw(["no-such-program"])
      assert {:spawn, %Error{stage: :exec, posix: :enoent}} = ended(daemon)
    end

    test "with ready it is known" do
      assert {:error, {:spawn, %Error{posix: :enoent}}} =
               kw(["no-such-program"], ready: fn -> true end)

      assert {:error, {:spawn, :shim_not_found}} = kw(["true"], instance: :no, ready: fn -> 1 end)
    end

    test "a user who may not be had fails closed" do
      {:ok, daemon} = sh("echo ran", user: "no-such-user-here", output: {:send, self()})
      assert {:spawn, %Error{stage: :user}} = ended(daemon)
      refute_received {:proctor_daemon, _, _, _}
    end

    test "the port program dies" do
      {:ok, _} = Proctor.Instance.start(name: :daemon_gone)
      on_exit(fn -> Proctor.Instance.stop(:daemon_gone) end)
      {:ok, daemon} = kw(["sleep", "100"], instance: :daemon_gone)
      os_pid = Daemon.os_pid(daemon)
      {:ok, %{port_os_pid: port}} = Proctor.info(instance: :daemon_gone)
      {"", 0} = System.cmd("kill", ["-9", "#{port}"])
      # What is left of it may still tell.
      assert ended(daemon) in [{:exit_signal, 15}, {:shim_exited, {:signal, :unconfirmed}}]
      eventually(fn -> gone?(os_pid) end)
    end

    test "ready by a function, a line, a text, a port, a file", context do
      test = self()
      path = tmp(context)
      {:ok, socket} = :gen_tcp.listen(0, [])
      {:ok, port} = :inet.port(socket)

      again = fn ->
        send(test, :asked) &&
          Process.get(:asked, false) |> tap(fn _ -> Process.put(:asked, 1) end)
      end

      for {text, ready} <- [
            {"sleep 100", again},
            {"echo is ready; sleep 100", {:line, ~r/^is/}},
            {"echo is ready; sleep 100", {:text, "ready"}},
            {"sleep 100", {:tcp, port}},
            {"sleep 100", {:tcp, "127.0.0.1", port}},
            {"touch #{path}; sleep 100", {:file, path}}
          ] do
        {:ok, daemon} = sh(text, ready: ready, ready_poll_ms: 5, log_output: :debug)
        assert %{ready: true} = Daemon.info(daemon)
        :ok = Daemon.stop(daemon)
      end

      assert_receive :asked
      assert_receive :asked
      refute_received :asked
    end

    test "not ready in time, or ended before" do
      assert {:error, :ready_timeout} =
               sh("sleep 100", ready: fn -> false end, ready_timeout_ms: 100)

      assert {:error, {:exited_before_ready, {:exit_status, 7}}} =
               sh("exit 7", ready: fn -> false end)

      assert {:error, {%RuntimeError{message: "boom"}, _}} =
               sh("sleep 100", ready: fn -> raise "boom" end)
    end

    test "what it has written is logged as info, without a prefix" do
      logs(fn ->
        {:ok, daemon} = sh("echo one; echo two >&2; printf three")
        assert ended(daemon) == :normal
        assert_receive {:log, :info, "one", %{stream: :stdout, daemon: ^daemon} = meta}
        refute Map.has_key?(meta, :proctor_args)
        assert_receive {:log, :info, "two", %{stream: :stderr}}
        assert_receive {:log, :info, "three", _}
      end)
    end

    test "log_output, log_prefix, log_transform, logger_metadata" do
      logs(fn ->
        {:ok, daemon} =
          sh("echo one",
            log_output: :warn,
            log_prefix: "p: ",
            log_transform: &String.upcase/1,
            logger_metadata: [mine: 5]
          )

        ended(daemon)
        assert_receive {:log, :warning, "p: ONE", %{mine: 5}}
        {:ok, daemon} = sh("echo none", log_output: :none)
        ended(daemon)
        refute_received {:log, _, "none", _}
      end)
    end

    test "output to a function or a process, as it comes or in lines" do
      test = self()
      {:ok, daemon} = sh("echo a; printf b", output: fn s, data -> send(test, {s, data}) end)
      ended(daemon)
      assert collected(:stdout) == "a\nb"

      {:ok, daemon} =
        sh("printf 'a\\nb'", output: {:lines, fn s, line -> send(test, {s, line}) end})

      ended(daemon)
      assert_receive {:stdout, "a"}
      assert_receive {:stdout, "b"}

      {:ok, daemon} = sh("echo a >&2", output: {:send, test})
      ended(daemon)
      assert_receive {:proctor_daemon, ^daemon, :stderr, "a\n"}

      {:ok, daemon} = sh("echo a", output: {:lines, {:send, test, :tag}})
      ended(daemon)
      assert_receive {:tag, ^daemon, :stdout, "a"}

      {:ok, daemon} = sh("echo a >&2", merge_stderr: true, output: {:lines, {:send, test}})
      ended(daemon)
      assert_receive {:proctor_daemon, ^daemon, :stdout, "a"}
    end

    defp collected(stream) do
      receive do
        {^stream, data} -> data <> collected(stream)
      after
        0 -> ""
      end
    end

    test "names" do
      for {name, server} <- [
            {:daemon_name, :daemon_name},
            {{:global, :daemon_name}, {:global, :daemon_name}}
          ] do
        {:ok, daemon} = kw(["sleep", "100"], name: name)
        assert {:error, {:already_started, ^daemon}} = kw(["sleep", "100"], name: name)
        assert is_integer(Daemon.os_pid(server))
        :ok = Daemon.stop(server)
      end
    end

    test "cd, env, and an input that is empty" do
      {:ok, daemon} =
        sh("pwd; echo $A; cat", cd: "/", env: [{"A", "b"}], output: {:lines, {:send, self()}})

      assert ended(daemon) == :normal
      assert_receive {:proctor_daemon, ^daemon, :stdout, "/"}
      assert_receive {:proctor_daemon, ^daemon, :stdout, "b"}
    end

    test "the grace, and what ends with it" do
      {:ok, daemon} =
        sh("trap '' TERM; sleep 100 & echo ready; while :; do sleep 1; done",
          kill_grace_ms: 50,
          ready: {:text, "ready"},
          log_output: :debug
        )

      os_pid = Daemon.os_pid(daemon)
      :ok = Daemon.stop(daemon)
      assert gone?(os_pid)
      assert {"", 1} = System.cmd("pgrep", ["-g", "#{os_pid}"])
    end

    test "signals" do
      {:ok, daemon} =
        sh("trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done",
          ready: {:text, "ready"},
          log_output: :debug
        )

      assert Daemon.signal(daemon, :sigusr1) == :ok
      assert ended(daemon) == {:exit_status, 5}

      {:ok, daemon} =
        sh("trap 'exit 5' INT; echo ready; while :; do sleep 0.01; done",
          ready: {:text, "ready"},
          log_output: :debug
        )

      ref = Process.monitor(daemon)
      assert Daemon.stop(daemon, :int) == :ok
      assert_receive {:DOWN, ^ref, _, _, :normal}
    end

    test "what is wrong raises, and names no argument" do
      for options <- [
            [no_such: 1],
            [timeout: 5],
            [log_output: :loud],
            [ready: 5],
            [name: "text"],
            [output: :nowhere],
            [kill_grace: -1],
            [logger_metadata: 5],
            [stdout: []],
            [cgroup: 5],
            [cgroup: %{memory_max: -1}],
            [cgroup_base: "proctor_test"]
          ] do
        error = assert_raise ArgumentError, fn -> kw(["true", "secret"], options) end
        refute error.message =~ "secret"
      end

      assert_raise KeyError, fn -> Daemon.start_link(name: :a) end
    end

    test "in a supervision tree no report has its arguments" do
      log =
        capture_log(fn ->
          start_supervised!(
            {Daemon, argv: ["sh", "-c", ": secret; exit 1"], restart: :temporary}
            |> then(fn {m, o} ->
              Supervisor.child_spec({m, Keyword.delete(o, :restart)}, restart: :temporary)
            end)
          )

          Process.sleep(300)
        end)

      assert log =~ "exit_status"
      refute log =~ "secret"
    end

    test "the identifier and the time of a stop" do
      assert %{id: :a, shutdown: 10_000} = Daemon.child_spec(argv: ["true"], name: :a)

      refute inspect(Daemon.child_spec(argv: ["true", "word"])) =~ "word"

      assert %{id: Daemon, shutdown: 5_100} =
               Daemon.child_spec(argv: ["true"], kill_grace_ms: 100)
    end
  end

  describe "a program, arguments and options" do
    defp pos(text, options \\ []), do: Daemon.start_link("sh", ["-c", text], options)

    test "its place in a tree" do
      assert Daemon.child_spec(["a", ["b"], [delay_to_sigkill: 20]]) == %{
               id: Daemon,
               start: {Daemon, :start_link, ["a", ["b"], [delay_to_sigkill: 20]]},
               type: :worker,
               restart: :permanent,
               shutdown: 5_020
             }
    end

    test "a bad option and a missing program are errors of the start" do
      assert {:error, {%ArgumentError{message: message}, _}} = pos("true", no_such: 1)
      assert message == "invalid option :no_such with value 1"
      assert {:error, {%ArgumentError{message: message}, _}} = pos("true", timeout: 5)
      assert message == "invalid option :timeout with value 5"
      assert {:error, {%ArgumentError{}, _}} = pos("true", ready: 5)
      assert {:error, {%ArgumentError{}, _}} = pos("true", wait_for: 5)
      assert {:error, {:enoent, _}} = Daemon.start_link("no-such-program", [])
      refute_received {:EXIT, _, _}
    end

    test "a control group or root is refused" do
      assert {:error, {%Error{stage: :cgroup, posix: :einval, detail: "a/../b"}, _}} =
               pos("true", cgroup_base: "a/../b")

      assert {:error, {%Error{stage: :user, posix: :eperm}, _}} = pos("true", uid: 0)
      assert {:ok, _} = pos("sleep 100", cgroup: %{})
    end

    test "its number, even of one that ends at once" do
      numbers =
        for _ <- 1..20 do
          {:ok, daemon} = Daemon.start_link("true", [])
          number = number(daemon)
          assert ended(daemon) == :normal
          number
        end

      assert Enum.any?(numbers, &is_integer/1)
      assert Enum.all?(numbers, &(is_integer(&1) or &1 == :gone))
    end

    # On a busy machine it may be over before it is asked.
    defp number(daemon) do
      Daemon.os_pid(daemon)
    catch
      :exit, {:noproc, _} -> :gone
      :exit, {:normal, _} -> :gone
    end

    test "reasons, and one line for each end" do
      logs(fn ->
        {:ok, daemon} = pos("exit 0")
        assert ended(daemon) == :normal
        assert_receive {:log, :info, "sh: Process exited successfully", _}
        {:ok, daemon} = pos("exit 3")
        assert ended(daemon) == :error_exit_status
        assert_receive {:log, :error, "sh: Process exited with status 3", _}

        {:ok, daemon} =
          pos("kill -USR1 $$", exit_status_to_reason: fn 138 -> :error_exit_sigusr1 end)

        assert ended(daemon) == :error_exit_sigusr1
        assert_receive {:log, :error, "sh: Process exited with status 138", _}
      end)
    end

    test "a program that cannot be executed" do
      {:ok, daemon} = Daemon.start_link("/etc/passwd", [])
      assert {:spawn, %Error{stage: :exec, posix: :eacces}} = ended(daemon)
    end

    test "nothing is logged or read unless it is asked for" do
      logs(fn ->
        {:ok, daemon} = pos("echo a; sleep 100", stderr_to_stdout: true)
        assert Daemon.statistics(daemon) == %{output_byte_count: 0, cgroup: %{}}
        os_pid = Daemon.os_pid(daemon)
        for fd <- [1, 2], do: assert(File.read_link!("/proc/#{os_pid}/fd/#{fd}") == "/dev/null")
        :ok = Daemon.stop(daemon)
        refute_received {:log, _, _, _}
      end)
    end

    test "log_output, with the program as prefix and metadata" do
      logs(fn ->
        {:ok, daemon} =
          pos("echo one", log_output: :notice, logger_metadata: [mine: 1, proctor_cmd: "x"])

        ended(daemon)
        assert_receive {:log, :notice, "sh: one", meta}
        assert %{mine: 1, proctor_cmd: "sh", proctor_args: "-c echo one"} = meta

        {:ok, daemon} =
          pos("echo one", log_output: :error, log_prefix: "", log_transform: &(&1 <> "!"))

        ended(daemon)
        assert_receive {:log, :error, "one!", _}
        {:ok, daemon} = pos("printf 'a\\377b\\n'", log_output: :info)
        ended(daemon)
        assert_receive {:log, :info, "sh: a\uFFFDb", _}
      end)
    end

    test "stderr belongs to the node, to the log, or is alone" do
      logs(fn ->
        {:ok, daemon} = pos("echo err >&2; echo out", log_output: :info, stderr_to_stdout: true)
        ended(daemon)
        assert_receive {:log, :info, "sh: err", _}
        assert_receive {:log, :info, "sh: out", _}

        {:ok, daemon} =
          pos("echo err >&2; echo out", log_output: :info, capture_stderr_only: true)

        ended(daemon)
        assert_receive {:log, :info, "sh: err", _}
        refute_received {:log, :info, "sh: out", _}
      end)

      {:ok, daemon} = pos("sleep 100", log_output: :info)
      os_pid = Daemon.os_pid(daemon)
      assert File.read_link!("/proc/#{os_pid}/fd/2") == File.read_link!("/proc/self/fd/2")
    end

    test "logger_fun, in each shape, beats the log" do
      logs(fn ->
        test = self()
        {:ok, daemon} = pos("echo a", logger_fun: &send(test, {:line, &1}), log_output: :info)
        ended(daemon)
        assert_receive {:line, "a"}
        refute_received {:log, :info, "sh: a", _}

        {:ok, daemon} = pos("echo b", logger_fun: {__MODULE__, :tell, [test]})
        ended(daemon)
        assert_receive {:line, "b"}

        Process.register(self(), :daemon_test_line)
        {:ok, daemon} = pos("echo c", logger_fun: {__MODULE__, :tell})
        ended(daemon)
        assert_receive {:line, "c"}
      end)
    end

    def tell(line, to \\ :daemon_test_line), do: send(to, {:line, line})

    test "statistics count what is read" do
      for {options, count} <- [
            {[log_output: :debug], 6},
            {[log_output: :debug, stderr_to_stdout: true], 15},
            {[capture_stderr_only: true], 9}
          ] do
        {:ok, daemon} = pos("echo hello; echo 12345678 >&2; sleep 100", options)
        eventually(fn -> Daemon.statistics(daemon).output_byte_count == count end)
        :ok = Daemon.stop(daemon)
      end
    end

    test "wait_for" do
      test = self()

      {:ok, daemon} =
        pos("sleep 100",
          wait_for: fn ->
            send(test, {:waiter, self()})
            receive do: (:go -> :anything)
          end
        )

      assert_receive {:waiter, waiter}
      assert Daemon.os_pid(daemon) == :error
      send(waiter, :go)
      eventually(fn -> is_integer(Daemon.os_pid(daemon)) end)

      {:ok, daemon} = pos("sleep 100", wait_for: fn -> raise "boom" end)
      assert {%RuntimeError{message: "boom"}, [_ | _]} = ended(daemon)

      {:ok, daemon} =
        pos("sleep 100",
          wait_for: fn -> send(test, {:waiter, self()}) && Process.sleep(:infinity) end
        )

      assert_receive {:waiter, waiter}
      ref = Process.monitor(waiter)
      :ok = Daemon.stop(daemon)
      assert_receive {:DOWN, ^ref, _, _, _}
    end

    test "input stays open" do
      {:ok, daemon} = pos("read x; exit 9")
      os_pid = Daemon.os_pid(daemon)
      assert File.read_link!("/proc/#{os_pid}/fd/0") =~ "pipe:"
      Process.sleep(50)
      refute gone?(os_pid)
    end

    test "links: a normal end is nothing, another ends it; other messages are nothing" do
      {:ok, daemon} = pos("sleep 100")
      os_pid = Daemon.os_pid(daemon)
      send(daemon, :what)
      spawn(fn -> Process.link(daemon) end)
      assert Daemon.os_pid(daemon) == os_pid
      spawn(fn -> Process.link(daemon) && exit(:bad) end)
      assert ended(daemon) == :bad
      assert gone?(os_pid)
    end

    test "transient restarts what failed, permanent all", context do
      path = tmp(context)

      for {restart, text, least} <- [
            {:transient, "echo a >>#{path}.t; test $(wc -l <#{path}.t) -ge 3", 3},
            {:permanent, "echo a >>#{path}.p; sleep 0.05", 3}
          ] do
        file = path <> ".#{String.first(Atom.to_string(restart))}"
        on_exit(fn -> File.rm(file) end)
        spec = Supervisor.child_spec({Daemon, ["sh", ["-c", text]]}, restart: restart)
        {:ok, tree} = Supervisor.start_link([spec], strategy: :one_for_one, max_restarts: 1000)
        lines = fn -> with({:ok, a} <- File.read(file), do: byte_size(a) / 2, else: (_ -> 0)) end
        eventually(fn -> lines.() >= least end)

        if restart == :transient do
          eventually(fn -> Supervisor.count_children(tree).active == 0 end)
          assert lines.() == 3
        end

        Supervisor.stop(tree)
      end
    end

    test "a stop, and nothing is there" do
      for _ <- 1..5 do
        {:ok, tree} =
          Supervisor.start_link(
            [{Daemon, ["sh", ["-c", "while :; do echo chatty; done"], [log_output: :debug]]}],
            strategy: :one_for_one
          )

        [{_, daemon, _, _}] = Supervisor.which_children(tree)
        os_pid = Daemon.os_pid(daemon)
        Supervisor.stop(tree)
        assert gone?(os_pid)
      end
    end

    test "lines keep their length, and the last needs no end" do
      test = self()
      long = String.duplicate("x", 302)

      {:ok, daemon} =
        pos(
          "printf #{String.duplicate("x", 200)}; sleep 0.2; printf '#{String.duplicate("x", 102)}\\nend'",
          logger_fun: &send(test, {:line, &1})
        )

      ended(daemon)
      assert_receive {:line, ^long}
      assert_receive {:line, "end"}
    end

    test "process_data/1" do
      assert Daemon.process_data("") == {[], ""}
      assert Daemon.process_data("a") == {[], "a"}
      assert Daemon.process_data("a\r\nb\n\nc") == {["a\r", "b", ""], "c"}
      long = String.duplicate("x", 300)
      assert Daemon.process_data(long <> "\n" <> long) == {[long], String.duplicate("x", 256)}
    end

    test "options that others have, too" do
      {:ok, daemon} = pos("sleep 100", ready: {:file, "/"}, max_line: 10)
      assert %{ready: true, os_pid: os_pid} = Daemon.info(daemon)
      assert is_integer(os_pid)
    end

    test "control groups of one that has none" do
      {:ok, daemon} = pos("sleep 100")
      assert Daemon.cgget(daemon, "memory.max") == {:error, :no_cgroup}
      assert Daemon.cgget(daemon, "memory", "memory.max") == {:error, :no_cgroup}
      assert Daemon.cgset(daemon, "memory.max", "1") == {:error, :no_cgroup}
      assert Daemon.cgset(daemon, "memory", "memory.max", "1") == {:error, :no_cgroup}
      assert Daemon.cgroup_config(daemon) == %{}
      assert Daemon.cgroup_path(daemon) == nil
    end
  end

  test "how it ended the last time" do
    spec = {Daemon, argv: ["sh", "-c", "sleep 0.1; exit 4"], name: :last_exit}
    {:ok, tree} = Supervisor.start_link([spec], strategy: :one_for_one, max_restarts: 1000)

    eventually(fn ->
      try do
        match?(%{last_exit: %Exit{status: 4}, restarts: n} when n > 0, Daemon.info(:last_exit))
      catch
        :exit, _ -> false
      end
    end)

    Supervisor.stop(tree)
  end
end
