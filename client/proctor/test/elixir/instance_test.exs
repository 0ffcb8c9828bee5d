defmodule Proctor.InstanceTest do
  use ExUnit.Case, async: true

  alias Proctor.Instance

  doctest Proctor.Instance

  # A node that is root says so; others may not.
  defp options(name), do: [name: name]

  test "in a supervision tree" do
    start_supervised!(
      {Instance, options(:tree) ++ [env: [{"PROCTOR_TREE", "yes"}, {"HOME", nil}]]}
    )

    assert {:ok, %{stdout: out}} = Proctor.run(["echo", "a"], timeout: 5_000, instance: :tree)
    assert out == "a\n"
    assert {:ok, %{instance: :tree}} = Instance.info(:tree)
    {:ok, process} = Proctor.Process.start(["sleep", "1000"], instance: :tree)
    assert Proctor.list(instance: :tree) == [process.os_pid]
    assert :ok = stop_supervised({Instance, :tree})
    refute File.exists?("/proc/#{process.os_pid}")
    assert {:error, _} = Instance.info(:tree)
  end

  test "its commands are its own" do
    {:ok, _} = Instance.start(options(:own))
    assert :own in Instance.list()
    assert Proctor.list(instance: :own) == []
    assert {:ok, 0} = Instance.debug(:own, 0)
    assert Instance.stop(:own) == :ok
    refute :own in Instance.list()

    assert {:error, {:spawn, :shim_not_found}} =
             Proctor.run(["true"], timeout: 1_000, instance: :own)
  end

  test "one in the place of another: what runs goes on" do
    {:ok, old} = Instance.start(options(:place))
    {:ok, process} = Proctor.Process.start(["cat"], instance: :place)
    assert {:error, {:badopt, _}} = Instance.replace(:place, no_such: 1)
    assert {:ok, new} = Instance.replace(:place, env: [{"PLACE", nil}])
    assert new != old
    assert {:ok, %{pid: ^new, replaced: false}} = Instance.info(:place)
    assert Proctor.list(instance: :place) == []
    assert {"a\n", 0} = Proctor.cmd("echo", ["a"], instance: :place)
    assert :ok = Proctor.Process.write(process, "on")
    assert {:ok, "on"} = Proctor.Process.read(process)
    assert :ok = Proctor.Process.stop(process)
    assert :ok = Instance.stop(:place)
    assert Instance.replace(:place) == {:error, :not_found}
  end

  test "needs a name, and options that there are" do
    assert_raise KeyError, fn -> Instance.start_link([]) end
    assert_raise ArgumentError, fn -> Instance.child_spec(name: "text") end
    assert {:error, {:badopt, _}} = Instance.start(name: :bad, no_such: 1)

    for cgroup <- [[pids_max: -1], %{pids_max: -1}, %{name: "a"}, 5] do
      assert {:error, {:badopt, {:cgroup, _}}} = Instance.start(name: :bad, cgroup: cgroup)
    end

    assert {:error, {:badopt, {:cgroup_base, ""}}} = Instance.start(name: :bad, cgroup_base: "")
  end

  test "a child specification with a name of its own and time to end" do
    assert %{id: {Instance, :x}, shutdown: 6_000} = Instance.child_spec(name: :x, alarm: 1)
  end
end
