defmodule Proctor.ProcessTest do
  use ExUnit.Case, async: true
  import Proctor.Test.Helpers

  alias Proctor.{Error, Exit}
  alias Proctor.Process, as: P

  doctest Proctor.Process

  defp sh(text, options \\ []) do
    {:ok, process} = P.start(["sh", "-c", text], options)
    process
  end

  test "a struct that says little" do
    process = sh("sleep 1000")
    assert process.command == "sh"
    assert inspect(process) =~ ~r/^#Proctor.Process<\d+ "sh" #PID<.*>>$/
    assert P.lookup(process.os_pid) == process.pid
    assert P.stop(process) == :ok
    assert P.lookup(process.os_pid) == nil
    assert gone?(process.os_pid)
  end

  test "to stop twice is no error, and 0 does not wait" do
    process = sh("sleep 1000")
    assert P.stop(process, 0) == :ok
    assert {:ok, %Exit{reason: :stopped}} = P.await(process)
    assert P.stop(process) == :ok
    assert P.stop(process, 0) == :ok
  end

  test "reads exactly so much, and less at the end" do
    process = sh("printf 123456789")
    assert P.read(process, :stdout, 4) == {:ok, "1234"}
    assert P.read(process, :stdout, 4) == {:ok, "5678"}
    assert P.read(process, :stdout, 4) == {:ok, "9"}
    assert P.read(process, :stdout, 4) == :eof
    assert P.read(process) == :eof
  end

  test "a timeout loses nothing" do
    process = sh("read line; echo $line")
    assert P.read(process, :stdout, 0, 50) == {:error, :timeout}
    assert P.write(process, "a\n") == :ok
    assert P.read(process) == {:ok, "a\n"}
  end

  test "reads either stream" do
    process = sh("echo o; read x; echo e >&2; read x; exit 4", stderr: :capture)
    assert P.read(process, :any) == {:ok, {:stdout, "o\n"}}
    P.write(process, "\n")
    assert P.read(process, :any) == {:ok, {:stderr, "e\n"}}
    P.write(process, "\n")
    assert P.read(process, :any) == :eof
    assert {:ok, %Exit{status: 4}} = P.await(process)
  end

  test "much on one stream does not keep the other from being read" do
    process = sh("head -c 1000000 /dev/zero >&2; echo o", stderr: :capture)

    count = fn count, sum ->
      case P.read(process, :any) do
        {:ok, {:stderr, data}} -> count.(count, sum + byte_size(data))
        {:ok, {:stdout, "o\n"}} -> count.(count, sum)
        :eof -> sum
      end
    end

    assert count.(count, 0) == 1_000_000
  end

  test "writes wait for who does not read, and fail when it is gone" do
    process = sh("sleep 1000")
    big = :binary.copy("x", 1_000_000)
    assert P.write(process, big, 100) == {:error, :timeout} or true
    writer = Task.async(fn -> P.write(process, :binary.copy(big, 100)) end)
    assert Task.yield(writer, 100) == nil
    assert P.stop(process) == :ok
    assert {:error, _} = Task.await(writer)
    assert P.write(process, "x") == {:error, :closed}
    assert P.try_write(process, "x") == {:error, :closed}
    assert P.close_stdin(process) == {:error, :closed}
  end

  test "messages have the reference as their tag" do
    process = sh("read x; echo o; echo e >&2; exit 3", active: true, stderr: :capture)
    ref = process.ref
    P.write(process, "\n")
    assert_receive {:stdout, ^ref, "o\n"}
    assert_receive {:stderr, ^ref, "e\n"}
    assert_receive {:exit, ^ref, exit}
    assert %Exit{status: 3} = P.exit(exit)
  end

  test "active once, and so many" do
    process = sh("while read x; do echo $x; done", active: :once)
    ref = process.ref
    P.write(process, "a\n")
    assert_receive {:stdout, ^ref, "a\n"}
    P.write(process, "b\n")
    refute_receive {:stdout, _, _}, 50
    assert P.set_active(process, :once) == :ok
    assert_receive {:stdout, ^ref, "b\n"}
    assert P.set_active(process, 1) == :ok
    P.write(process, "c\n")
    assert_receive {:stdout, ^ref, "c\n"}
    assert_receive {:passive, ^ref}
    assert P.set_active(process, false) == :ok
    P.stop(process)
  end

  test "signals by each of their names" do
    for signal <- [:usr1, :sigusr1, 10] do
      process = sh("trap 'exit 7' USR1; echo ready; while :; do sleep 0.02; done")
      assert P.read(process) == {:ok, "ready\n"}
      assert P.signal(process, signal) == :ok
      assert {:ok, %Exit{status: 7, reason: :normal}} = P.await(process)
    end

    assert_raise ArgumentError, fn -> P.signal(sh("true"), :no_such) end
  end

  test "await by more than one, again, and with a limit" do
    process = sh("read x; exit 5")
    assert P.await(process, 20) == {:error, :timeout}
    tasks = for _ <- 1..3, do: Task.async(fn -> P.await(process) end)
    P.write(process, "\n")
    assert Enum.all?(Task.await_many(tasks), &match?({:ok, %Exit{status: 5}}, &1))
  end

  test "a terminal, its size, its modes" do
    process =
      sh("stty size; read x; stty size; stty -a | grep -o ' -echo '", pty: [rows: 10, cols: 20])

    assert P.read(process) == {:ok, "10 20\r\n"}
    assert P.resize(process, 30, 40) == :ok
    assert P.pty_modes(process, echo: false) == :ok
    assert P.write(process, "\n") == :ok
    assert process |> Enum.join() =~ "30 40"
    assert {:ok, _} = P.await(process)
  end

  test "collectable and enumerable" do
    process = sh("cat")
    assert Enum.into(["a", "b"], process) == process
    P.close_stdin(process)
    assert Enum.join(process) == "ab"

    process = sh("exit")
    P.await(process)
    assert_raise Error, fn -> Enum.into(["a"], process) end
  end

  test "what cannot be started" do
    assert {:error, %Error{kind: :spawn, posix: :enoent}} = P.start(["no-such-program"])
    assert {:error, %Error{kind: :options}} = P.start(["true"], pty: [modes: [no_such: 1]])

    assert_raise ArgumentError, ~r/takes no option :max_output/, fn ->
      P.start(["a"], max_output: 1)
    end

    assert_raise ArgumentError, ~r/option active must be/, fn -> P.start(["a"], active: 0) end
    assert_raise ArgumentError, ~r/option pty must be/, fn -> P.start(["a"], pty: [depth: 1]) end
    assert_raise ArgumentError, ~r/option on must be/, fn -> P.start(["a"], on: :group) end
  end

  test "it ends with who has started it" do
    me = self()

    {pid, monitor} =
      spawn_monitor(fn ->
        send(me, {:process, sh("sleep 1000")})
        Process.sleep(:infinity)
      end)

    assert_receive {:process, process}
    Process.exit(pid, :kill)
    assert_receive {:DOWN, ^monitor, _, _, _}
    eventually(fn -> gone?(process.os_pid) end)
  end

  test "linked, its failure is an exit signal" do
    Process.flag(:trap_exit, true)
    {:ok, process} = P.start_link(["sh", "-c", "exit 3"])
    pid = process.pid
    assert_receive {:EXIT, ^pid, {:exit_status, 768}}
    {:ok, process} = P.start_link(["true"])
    pid = process.pid
    assert_receive {:EXIT, ^pid, :normal}
  end

  test "manage" do
    port = Port.open({:spawn, "sleep 1000"}, [])
    {:os_pid, os_pid} = Port.info(port, :os_pid)
    assert {:ok, process} = P.manage(os_pid)
    assert process.os_pid == os_pid
    assert P.stop(process) == :ok
    assert {:error, %Error{}} = P.manage(1 + 4_000_000)
    assert_raise ArgumentError, fn -> P.manage(os_pid, cd: "/") end
  end

  test "info" do
    process = sh("sleep 1000")
    assert {:ok, %{}} = P.info(process)
    P.stop(process)
    assert {:error, _} = P.info(process)
  end
end
