defmodule Proctor.TelemetryTest do
  # Others' events would come, too; those here are told apart by their metadata.
  use ExUnit.Case, async: true

  doctest Proctor.Telemetry

  # As who attaches has it.
  setup_all do
    Code.ensure_loaded!(:telemetry)
    :ok
  end

  # The process of the case before may be on its way to its end.
  setup do
    test = self()
    Process.register(test, Proctor.Test.Telemetry)

    on_exit(fn ->
      ref = Process.monitor(test)
      assert_receive {:DOWN, ^ref, _, _, _}
    end)
  end

  defp run(argv, tag, options \\ []) do
    Proctor.run(argv, [timeout: 5_000, telemetry_metadata: %{tag: tag}] ++ options)
  end

  defp event(name, tag) do
    assert_receive {:event, ^name, measurements, %{tag: ^tag} = metadata}
    assert name in Proctor.Telemetry.events()
    {measurements, metadata}
  end

  test "a run, its start and its end, without its arguments" do
    run(["sh", "-c", "echo secret; exit 3"], :one)
    assert {%{system_time: _}, %{os_pid: os_pid}} = event([:proctor, :run, :start], :one)

    assert {%{stdout_bytes: 7, stderr_bytes: 0, duration: _, utime_us: _}, metadata} =
             event([:proctor, :run, :stop], :one)

    assert %{os_pid: ^os_pid, status: {:exited, 3}, reason: :normal, instance: :proctor} =
             metadata

    assert to_string(metadata.program) =~ "sh"
    refute inspect(metadata) =~ "secret"
  end

  test "a refusal" do
    run(["/no/such/program"], :two)
    assert {%{duration: _}, %{kind: :refused}} = event([:proctor, :run, :exception], :two)
  end

  test "verbose, and none at all" do
    run(["echo", "said"], :three, telemetry: :verbose)
    {_, metadata} = event([:proctor, :run, :start], :three)
    assert inspect(metadata.command) =~ "said"
    run(["echo"], :four, telemetry: :none)
    refute_receive {:event, _, _, %{tag: :four}}, 50
    assert_raise ArgumentError, fn -> run(["echo"], :five, telemetry: :loud) end
  end

  test "an instance" do
    {:ok, _} = Proctor.Instance.start(name: :telemetry)
    Proctor.Instance.stop(:telemetry)

    assert_receive {:event, [:proctor, :instance, :up], %{system_time: _},
                    %{instance: :telemetry}}

    assert_receive {:event, [:proctor, :instance, :down], %{children: 0}, %{instance: :telemetry}}
  end
end
