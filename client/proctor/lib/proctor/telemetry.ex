defmodule Proctor.Telemetry do
  @moduledoc """
  What proctor tells through `:telemetry`, if the application that it is part of
  has that library. It does not depend on it.

  | event | measurements | metadata |
  | --- | --- | --- |
  | `[:proctor, :run, :start]` | `system_time` | |
  | `[:proctor, :run, :stop]` | `duration`, `stdout_bytes`, `stderr_bytes`; `utime_us`, `stime_us`, `maxrss_kb` if they are known, and what its control group has used | `status`, `reason` |
  | `[:proctor, :run, :exception]` | `duration` | `kind` (`:exit`, `:error`, `:refused`), `reason` |
  | `[:proctor, :run, :cgroup]`, a limit of its control group was met | `oom_kill`, `pids_denied`, `memory_high`, each how often so far | |
  | `[:proctor, :daemon, :exit]` | `duration`, `restarts` | `name`, `status`, `reason` |
  | `[:proctor, :instance, :up]` | `system_time` | `dialect` |
  | `[:proctor, :instance, :down]` | `duration`, `children` | `reason` |

  Times are in native units. All have `instance` and `node`; those of runs and
  daemons `program`, `os_pid`, `pid`, and what the option `:telemetry_metadata`
  has. Arguments are told only of a command that has `telemetry: :verbose`, as
  `command`; one that has `telemetry: :none` has no events. Environment is never
  told.

      :telemetry.attach_many("commands", Proctor.Telemetry.events(), &MyApp.handle/4, nil)
  """
  @moduledoc since: "0.1.0"

  @events [
    [:proctor, :run, :start],
    [:proctor, :run, :stop],
    [:proctor, :run, :exception],
    [:proctor, :run, :cgroup],
    [:proctor, :daemon, :exit],
    [:proctor, :instance, :up],
    [:proctor, :instance, :down]
  ]

  @doc """
  The names of all events.

      iex> [:proctor, :run, :stop] in Proctor.Telemetry.events()
      true
  """
  @doc since: "0.1.0"
  @spec events() :: [[atom()]]
  def events, do: @events
end
