defmodule Proctor.Result do
  @moduledoc """
  What came of a command that has ended.

    * `:status` - what it exited with, `0..255`; `{:signal, n}` if a signal
      ended it; `{:signal, :unconfirmed}` if its end was not told, because the
      port program answers nothing or is gone
    * `:stdout`, `:stderr` - what it wrote, as far as that was to be captured
    * `:reason` - why it ended: `:normal` by itself, `:stopped`, `:timeout`,
      `:idle_timeout`, `:max_output`, `:oom` if it was killed for lack of memory in
      its control group, `:shutdown` of the port program, or `:unknown`
    * `:killed` - whether that took a SIGKILL
    * `:truncated` - of `[:stdout, :stderr]` those that others still held open
      when they were closed, so that output may be missing
    * `:usage` - what it used: `:utime_us`, `:stime_us`, `:maxrss_kb` and more
    * `:cgroup` - what all of its control group has used, if it had one:
      `:memory_peak`, `:cpu_us`, `:pids_peak` and more, see `:proctor_cgroup`
    * `:os_pid` - which process it was, or `nil`
    * `:statuses` - of `Proctor.pipe/2`, one for each command
    * `:command` - the program's name, without its arguments
    * `:duration_ms` - how long the caller waited
  """
  @moduledoc since: "0.1.0"

  @typedoc "How a command ended."
  @type status :: 0..255 | {:signal, 1..127} | {:signal, :unconfirmed}

  @type t :: %__MODULE__{
          status: status(),
          stdout: binary(),
          stderr: binary(),
          reason: atom(),
          killed: boolean(),
          truncated: [:stdout | :stderr],
          usage: %{optional(atom()) => non_neg_integer()},
          cgroup: %{optional(atom()) => non_neg_integer()},
          os_pid: pos_integer() | nil,
          statuses: [status() | nil] | nil,
          command: String.t() | nil,
          duration_ms: non_neg_integer() | nil
        }

  @enforce_keys [:status]
  defstruct status: nil,
            stdout: "",
            stderr: "",
            reason: :normal,
            killed: false,
            truncated: [],
            usage: %{},
            cgroup: %{},
            os_pid: nil,
            statuses: nil,
            command: nil,
            duration_ms: nil

  @doc false
  # Of the map that the Erlang client has for an end.
  def from_erlang(map, command, started) do
    %__MODULE__{
      status: status(Map.get(map, :status, :unknown)),
      stdout: Map.get(map, :stdout, ""),
      stderr: Map.get(map, :stderr, ""),
      reason: Map.get(map, :reason, :unknown),
      killed: Map.get(map, :killed, false),
      truncated: Map.get(map, :truncated, []),
      usage: Map.get(map, :usage, %{}),
      cgroup: Map.get(map, :cgroup, %{}),
      os_pid: defined(Map.get(map, :ospid)),
      statuses: statuses(map),
      command: command,
      duration_ms: System.monotonic_time(:millisecond) - started
    }
  end

  @doc false
  def status({:exited, code}), do: code
  def status({:signaled, signal, _core}), do: {:signal, signal}
  def status(:unknown), do: {:signal, :unconfirmed}

  defp statuses(%{statuses: list}), do: Enum.map(list, &defined/1)
  defp statuses(_), do: nil

  defp defined(:undefined), do: nil
  defp defined(value), do: value

  defimpl Inspect do
    import Proctor.Shown

    def inspect(result, opts) do
      names = [:status, :reason, :stdout, :stderr, :truncated, :duration_ms]
      document("Proctor.Result", members(result, names, opts), opts)
    end
  end
end
