defmodule Proctor.LifeTest do
  # Nothing outlives who has started it, and nobody is ended by what he starts.
  use ExUnit.Case, async: false
  import Proctor.Test.Helpers

  alias Proctor.Daemon
  alias Proctor.Test.Modes

  # Reports of what ends on purpose.
  setup do
    %{level: level} = :logger.get_primary_config()
    :ok = :logger.set_primary_config(:level, :none)
    on_exit(fn -> :logger.set_primary_config(:level, level) end)
  end

  test "kill -9 of the node, in each mode, leaves nothing" do
    mark = Modes.mark()
    ebin = :proctor |> :code.lib_dir() |> Path.join("ebin")
    code = "Proctor.Test.Modes.all_at_once(#{inspect(mark)})"

    port =
      Port.open({:spawn_executable, System.find_executable("elixir")}, [
        :binary,
        line: 1000,
        args: ["-pa", ebin, "-e", code]
      ])

    node = told(port)
    on_exit(fn -> System.cmd("kill", ["-9", node], stderr_to_stdout: true) end)

    for mode <- Modes.all() do
      eventually(fn -> length(Modes.marked(mode, mark)) >= 3 end)
    end

    {"", 0} = System.cmd("kill", ["-9", node])
    eventually(fn -> Modes.marked(mark) == [] end)
  end

  defp told(port) do
    receive do
      {^port, {:data, {_, "node " <> pid}}} ->
        pid

      {^port, {:data, _}} ->
        told(port)
    after
      60_000 -> flunk("the node says nothing")
    end
  end

  for mode <- Modes.all() do
    test "#{mode}: a killed task's command is gone" do
      mark = Modes.mark()
      test = self()

      {:ok, task} =
        Task.start(fn ->
          send(test, :started)
          Modes.run(unquote(mode), ": #{mark}; sleep #{mark} & wait")
        end)

      assert_receive :started
      eventually(fn -> length(Modes.marked(mark)) >= 2 end)
      Process.exit(task, :kill)
      eventually(fn -> Modes.marked(mark) == [] end)
    end

    test "#{mode}: a process that traps exits is not ended, and keeps its messages" do
      test = self()

      pid =
        spawn(fn ->
          Process.flag(:trap_exit, true)
          other = spawn_link(fn -> receive do: (:go -> exit(:bad)) end)
          file = Path.join(System.tmp_dir!(), Modes.mark())
          spawn(fn -> eventually(fn -> File.exists?(file) end) && send(other, :go) end)
          _ = Modes.run(unquote(mode), "touch #{file}; sleep 0.2; rm #{file}; exit 3")
          {:messages, messages} = Process.info(self(), :messages)
          send(test, {:survived, other, messages})
        end)

      ref = Process.monitor(pid)
      assert_receive {:survived, other, messages}, 30_000
      assert_receive {:DOWN, ^ref, _, _, :normal}
      assert {:EXIT, other, :bad} in messages
      # A daemon is linked, and nothing else is.
      linked = if unquote(mode) in Modes.unlinked(), do: 0, else: 1
      assert {1 + linked, messages} == {length(messages), messages}
    end
  end

  test "who does not trap exits is not ended either by what is not linked" do
    for mode <- Modes.unlinked(), text <- ["exit 3", "kill -9 $$"] do
      {pid, ref} = spawn_monitor(fn -> Modes.run(mode, text) end)
      assert_receive {:DOWN, ^ref, _, ^pid, :normal}, 30_000
    end
  end

  @tag timeout: 300_000
  test "1,000 daemons of one supervisor start, start again and stop" do
    mark = Modes.mark()

    children =
      for n <- 1..1_000,
          do: Supervisor.child_spec({Daemon, ["sleep", [mark]]}, id: n, restart: :permanent)

    {:ok, tree} =
      Supervisor.start_link(children,
        strategy: :one_for_one,
        max_restarts: 10_000,
        max_seconds: 1
      )

    eventually(fn -> length(Modes.marked(mark)) == 1_000 end, 10_000)
    first = os_pids(tree)
    assert length(Enum.uniq(first)) == 1_000
    {_, 0} = System.cmd("kill", ["-9" | Enum.map(first, &to_string/1)])

    eventually(
      fn ->
        now = Modes.marked(mark)
        length(now) == 1_000 and now -- Enum.map(first, &to_string/1) == now
      end,
      10_000
    )

    assert %{active: 1_000, workers: 1_000} = Supervisor.count_children(tree)

    assert Enum.sort(os_pids(tree)) ==
             mark |> Modes.marked() |> Enum.map(&String.to_integer/1) |> Enum.sort()

    :ok = Supervisor.stop(tree, :normal, :infinity)
    assert Modes.marked(mark) == []
  end

  defp os_pids(tree) do
    for {_, daemon, _, _} <- Supervisor.which_children(tree), do: Daemon.os_pid(daemon)
  end

  @tag timeout: 300_000
  test "500 runs at once, one of five over its time" do
    mark = Modes.mark()

    1..500
    |> Task.async_stream(
      fn
        n when rem(n, 5) == 0 ->
          {n, Proctor.run(["sh", "-c", "echo #{n}; sleep #{mark}"], timeout: 300)}

        n ->
          {n, Proctor.run(["sh", "-c", "echo #{n}; : #{mark}"], timeout: 120_000)}
      end,
      max_concurrency: 500,
      timeout: 240_000
    )
    |> Enum.each(fn
      {:ok, {n, {:error, {:timeout, result}}}} ->
        assert rem(n, 5) == 0
        assert result.status == {:signal, 15}
        assert result.stdout in ["#{n}\n", ""]

      {:ok, {n, {:ok, result}}} ->
        refute rem(n, 5) == 0
        assert {result.status, result.stdout} == {0, "#{n}\n"}
    end)

    assert Modes.marked(mark) == []
  end
end
