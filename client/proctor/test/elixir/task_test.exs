defmodule Proctor.TaskTest do
  use ExUnit.Case, async: true

  alias Proctor.Task, as: T
  alias Proctor.Task.Error

  doctest Proctor.Task

  setup do
    {:ok, root} = T.start()
    on_exit(fn -> T.stop(root) end)
    %{root: root}
  end

  defp sh(root, text, options \\ []) do
    {:ok, task} = T.fork(root)
    :ok = T.exec(task, ["sh", "-c", text], options)
    task
  end

  test "errors are structs with a message", %{root: root} do
    assert {:error, %Error{stage: :call, posix: :enoent, detail: :chdir}} =
             T.call(root, :chdir, ["/nowhere"])

    assert_raise Error, "chdir: no such file or directory", fn ->
      T.call!(root, :chdir, ["/nowhere"])
    end

    assert_raise Error, "nonsense: there is no such call here", fn ->
      T.call!(root, :nonsense)
    end

    assert_raise Error, "argument 1 is wrong", fn -> T.call!(root, :chdir, [5]) end
    assert T.call!(root, :chdir, ["/"]) == :ok
    assert T.call!(root, :getcwd) == "/"
    T.stop(root)
    assert_raise Error, "there is no such task any more", fn -> T.call!(root, :getcwd) end
  end

  test "an error in a list has its index and what was before", %{root: root} do
    assert {:error, %Error{index: 1, results: [:ok], posix: :enoent}} =
             T.run(root, chdir: ["/"], chdir: ["/nowhere"], getcwd: [])

    assert {:ok, [:ok, {:error, {:call, :enoent, :chdir}}, {:ok, "/"}]} =
             T.run(root, [chdir: ["/"], chdir: ["/nowhere"], getcwd: []], on_error: :continue)
  end

  test "a list that ends as a program", %{root: root} do
    {:ok, task} = T.fork(root)
    assert {:ok, [:ok, :ok]} = T.run(task, [{:chdir, ["/usr"]}, {:exec, ["pwd"], []}])
    assert T.read(task) == {:ok, "/usr\n"}
    assert T.read(task) == :eof
    assert {:ok, %{status: {:exited, 0}, cause: :itself}} = T.await(task)
  end

  test "writes and reads", %{root: root} do
    task = sh(root, "read x; echo got $x; echo err >&2; exit 3")
    assert T.read(task, :any, 0, 50) == {:error, :timeout}
    assert T.write(task, "a\n") == :ok
    assert T.read(task, :stdout, 4) == {:ok, "got "}
    assert T.read(task) == {:ok, "a\n"}
    assert T.read(task, :stderr) == {:ok, "err\n"}
    assert {:ok, %{status: {:exited, 3}}} = T.await(task)
  end

  test "messages, and its end", %{root: root} do
    task = sh(root, "echo a", active: true, stderr: :null, env: [A: "1"])
    assert_receive {:proctor_task, ^task, {:stdout, "a\n"}}, 30_000
    assert_receive {:proctor_task, ^task, {:eof, :stdout}}, 30_000
    assert_receive {:proctor_task, ^task, {:exit, %{status: {:exited, 0}}}}, 30_000
  end

  test "signals and stop", %{root: root} do
    task = sh(root, "sleep 1000")
    assert T.signal(task, :term) == :ok
    assert {:ok, %{status: {:signaled, 15, false}}} = T.await(task)
    other = sh(root, "trap '' TERM; echo up; while :; do sleep 1; done")
    {:ok, "up\n"} = T.read(other)
    assert T.stop(other, 50) == :ok
    assert {:ok, %{status: {:signaled, 9, false}, cause: :stopped}} = T.await(other)
    assert T.stop(other) == :ok
    assert_raise ArgumentError, fn -> T.signal(root, :nonsense) end
  end

  test "whose it is", %{root: root} do
    Elixir.Task.await(
      Elixir.Task.async(fn ->
        assert {:error, %Error{stage: :owner, posix: :eacces}} = T.call(root, :getpid)
      end)
    )

    assert T.give_away(root, nil) == :ok

    Elixir.Task.await(
      Elixir.Task.async(fn ->
        assert {:ok, _} = T.call(root, :getpid)
        assert T.give_away(root, self()) == :ok
        assert T.give_away(root, nil) == :ok
        {:ok, task} = T.fork(root, owner: nil)
        assert {:ok, %{owner: :none, parent: 1}} = T.info(task)
      end)
    )

    assert {:ok, [_ | _]} = T.tree(root)
  end

  test "options", %{root: root} do
    for {function, call} <- [
          {"Proctor.Task.start/1", fn -> T.start(nonsense: 1) end},
          {"Proctor.Task.start/1", fn -> T.start(stdout: :null) end},
          {"Proctor.Task.fork/2", fn -> T.fork(root, nonsense: 1) end},
          {"Proctor.Task.clone/3", fn -> T.clone(root, [], 5) end},
          {"Proctor.Task.run/3", fn -> T.run(root, [], nonsense: 1) end},
          {"Proctor.Task.run/3", fn -> T.run(root, [{:exec, ["true"], [lines: true]}]) end},
          {"Proctor.Task.exec/3", fn -> T.exec(root, ["true"], nonsense: 1) end}
        ] do
      error = assert_raise ArgumentError, call
      assert error.message =~ function
    end

    assert {:error, %Error{stage: :options, detail: :cd}} = T.exec(root, ["true"], cd: 5)
    assert {:ok, 64} = T.option(root, :maxchild)
    assert {:ok, 3} = T.option(root, :maxchild, 3)
    {:ok, other} = T.start(max_children: 1, kill_grace: 100, cd: "/usr", env: [A: "5"])
    assert {:ok, 1} = T.option(other, :maxchild)
    assert {:ok, 100} = T.option(other, :kill_timeout)
    assert T.call!(other, :getcwd) == "/usr"
    assert T.call!(other, :getenv, ["A"]) == "5"
    assert {:ok, names} = T.calls(other)
    assert :getpid in names
    assert T.stop(other) == :ok
    assert {:error, %Error{stage: :exec, posix: :enoent}} = T.start(program: "/nowhere/x")

    assert {:error, %Error{stage: :start, posix: :etimedout}} =
             T.start(program: "/bin/cat", start_timeout: 50)

    assert {:error, %Error{stage: :options, detail: :seccomp}} = T.seccomp(root, %{})
  end

  test "a filter by names", %{root: root} do
    {:ok, task} = T.fork(root)
    rules = %{default: :allow, calls: [{:getcwd, {:errno, :eperm}}]}
    assert {:error, %Error{posix: :eacces}} = T.seccomp(task, rules)
    {:ok, _} = T.call(task, :prctl, [:pr_set_no_new_privs, 1, 0, 0, 0])
    assert :ok = T.seccomp(task, rules)
    assert {:error, %Error{stage: :call, posix: :eperm}} = T.call(task, :getcwd)
    assert {:ok, _} = T.call(root, :getcwd)
    assert :recvmsg in T.loop_calls()
  end

  test "a terminal", %{root: root} do
    task = sh(root, "stty size; read x; stty size; sleep 1000", pty: {11, 22})
    assert T.read(task, :stdout, 7) == {:ok, "11 22\r\n"}
    assert T.resize(task, 33, 44) == :ok
    assert T.write(task, "\n") == :ok
    assert T.read(task, :stdout, 7) == {:ok, "33 44\r\n"}
    assert T.set_active(task, true) == :ok
    assert T.close_stdin(task) == :ok
    T.signal(task, :sigkill)
    assert {:ok, _} = T.await(task)
  end
end
