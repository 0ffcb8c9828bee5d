defmodule Proctor.DuplexTest do
  use ExUnit.Case, async: true
  import Proctor.Test.Helpers

  alias Proctor.{Duplex, Error}

  doctest Proctor.Duplex

  defp open(text, options \\ []) do
    {:ok, session} = Duplex.open(["sh", "-c", text], options)
    session
  end

  test "lines of both streams, and the status last" do
    session = open("read a; echo $a; echo e >&2; printf rest; exit 3")
    assert Duplex.send_line(session, "one") == :ok
    assert_receive {:proctor_exit, ^session, 3}
    # What came before is in the mailbox already.
    assert_received {:proctor_line, ^session, "one"}
    assert_received {:proctor_line, ^session, "rest"}
    assert_received {:proctor_stderr, ^session, "e"}
    Process.sleep(50)
    refute_received _
  end

  test "a signal" do
    session = open("kill -9 $$")
    assert_receive {:proctor_exit, ^session, {:signal, 9}}
  end

  test "what cannot be started is told by a message" do
    {:ok, session} = Duplex.open(["no-such-program"])
    assert_receive {:proctor_exit, ^session, {:spawn_error, %Error{posix: :enoent}}}
    assert Duplex.send_line(session, "a") == {:error, :closed}
    assert Duplex.send_eof(session) == {:error, :closed}
    assert Duplex.close(session) == :ok
  end

  test "the port program's end is the shim's" do
    {:ok, _} = Proctor.Instance.start(name: :duplex)
    session = open("sleep 1000", instance: :duplex)
    assert Proctor.Instance.stop(:duplex) == :ok
    assert_receive {:proctor_exit, ^session, :shim_exited}
    {:ok, session} = Duplex.open(["true"], instance: :duplex)
    assert_receive {:proctor_exit, ^session, :shim_exited}
  end

  test "end of file" do
    {:ok, session} = Duplex.open(["cat"])
    assert Duplex.send_line(session, ["a", ?b]) == :ok
    assert Duplex.write(session, "c") == :ok
    assert Duplex.send_eof(session) == :ok
    assert_receive {:proctor_line, ^session, "ab"}
    assert_receive {:proctor_line, ^session, "c"}
    assert_receive {:proctor_exit, ^session, 0}
    assert Duplex.send_line(session, "x") == {:error, :closed}
  end

  test "close ends all of the group, may be repeated, and does not wait for who does not read" do
    session = open("sleep 1000 & echo $!; wait")
    assert_receive {:proctor_line, ^session, os_pid}
    assert Duplex.close(session) == :ok
    refute File.exists?("/proc/#{os_pid}")
    assert_receive {:proctor_exit, ^session, {:signal, 15}}
    assert Duplex.close(session) == :ok

    session = open("exec sleep 1000")
    writer = Task.async(fn -> Duplex.write(session, :binary.copy("x", 200_000_000)) end)
    assert Task.yield(writer, 100) == nil
    assert Duplex.close(session) == :ok
    assert Task.await(writer) == {:error, :closed}
  end

  test "is not linked, and ends with its owner" do
    me = self()
    {owner, monitor} = spawn_monitor(fn -> open("echo $$; exec sleep 1000") |> relay(me) end)
    assert_receive {:relayed, {:proctor_line, session, os_pid}}
    Process.exit(owner, :kill)
    assert_receive {:DOWN, ^monitor, _, _, :killed}
    ref = Process.monitor(session.pid)
    assert_receive {:DOWN, ^ref, _, _, _}
    eventually(fn -> not File.exists?("/proc/#{os_pid}") end)

    session = open("exec sleep 1000")
    Process.exit(session.pid, :kill)
    # Still there: nothing was linked.
    assert Duplex.send_line(session, "a") == {:error, :closed}
  end

  defp relay(_session, me) do
    receive do
      message -> send(me, {:relayed, message})
    end

    Process.sleep(:infinity)
  end

  test "merged streams, directory, environment" do
    session = open("echo $A >&2; pwd", merge_stderr: true, cd: "/", env: %{"A" => "b"})
    assert_receive {:proctor_line, ^session, "b"}
    assert_receive {:proctor_line, ^session, "/"}
    assert_receive {:proctor_exit, ^session, 0}
  end

  test "lines when they are asked for" do
    session = open("echo a; echo b; echo e >&2", active: false)
    assert Duplex.recv_line(session) == {:ok, "a"}
    assert Duplex.recv_line(session, :stderr, 5_000) == {:ok, "e"}
    assert Duplex.recv_line(session, :stdout, 5_000) == {:ok, "b"}
    assert Duplex.recv_line(session) == :eof
    assert_receive {:proctor_exit, ^session, 0}

    session = open("sleep 1000", active: false)
    assert Duplex.recv_line(session, :stdout, 20) == {:error, :timeout}
    Duplex.close(session)
  end

  test "so many lines, and then no more" do
    session = open("yes", active: 3)
    for _ <- 1..3, do: assert_receive({:proctor_line, ^session, "y"})
    assert_receive {:proctor_passive, ^session}
    refute_receive {:proctor_line, _, _}, 50
    assert Duplex.set_active(session, :once) == :ok
    assert_receive {:proctor_line, ^session, "y"}
    refute_receive {:proctor_line, _, _}, 50
    Duplex.close(session)
  end

  test "long lines in several" do
    session = open("echo abcde", max_line: 2)
    for part <- ["ab", "cd", "e"], do: assert_receive({:proctor_line, ^session, ^part})
  end

  test "a terminal" do
    session = open("stty size; read x; stty size", pty: true, pty_rows: 5, pty_cols: 7)
    assert_receive {:proctor_line, ^session, "5 7\r"}
    assert Duplex.resize(session, 8, 9) == :ok
    assert Duplex.send_line(session, "") == :ok
    assert_receive {:proctor_line, ^session, "8 9\r"}
    assert_receive {:proctor_exit, ^session, 0}
  end

  test "a signal to it" do
    session = open("trap 'exit 9' USR1; echo ready; while :; do sleep 0.02; done")
    assert_receive {:proctor_line, ^session, "ready"}
    assert Duplex.signal(session, :usr1) == :ok
    assert_receive {:proctor_exit, ^session, 9}
  end

  test "another tag" do
    session = open("echo a", tag: :forcola)
    assert_receive {:forcola_line, ^session, "a"}
    assert_receive {:forcola_exit, ^session, 0}
  end

  test "below a supervisor, for somebody else" do
    me = self()
    start_supervised!({Duplex, {["sh", "-c", "echo a; sleep 1000"], [owner: me]}})
    assert_receive {:proctor_line, session, "a"}
    assert :ok = stop_supervised({Duplex, me})
    ref = Process.monitor(session.pid)
    assert_receive {:DOWN, ^ref, _, _, _}
    assert_raise KeyError, fn -> Duplex.child_spec({["true"], []}) end
  end

  test "options are strict" do
    assert_raise ArgumentError, ~r/takes no option :stdout/, fn ->
      Duplex.open(["a"], stdout: :discard)
    end

    assert_raise ArgumentError, ~r/option tag must be an atom/, fn ->
      Duplex.open(["a"], tag: "x")
    end

    assert_raise ArgumentError, ~r/option owner must be a pid/, fn ->
      Duplex.open(["a"], owner: 1)
    end
  end

  test "inspect" do
    session = open("true")
    assert inspect(session) =~ ~r/^#Proctor.Duplex<#PID<.*>>$/
  end
end
