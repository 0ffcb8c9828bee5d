defmodule Proctor.LogTest do
  # What others' cases log would be taken for ours.
  use ExUnit.Case, async: false
  import ExUnit.CaptureLog

  test "nothing is logged by what returns its error" do
    assert capture_log(fn ->
             Proctor.run(["true"], timeout: 1_000)
             Proctor.run(["no-such-program"], timeout: 1_000)
             Proctor.run(["sleep", "10"], timeout: 10)
             Proctor.cmd("true", [])
             Proctor.stream(["false"]) |> Enum.to_list()
             Proctor.pipe([["true"], ["false"]], timeout: 1_000)
           end) == ""
  end
end
