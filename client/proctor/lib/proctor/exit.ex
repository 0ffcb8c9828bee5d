defmodule Proctor.Exit do
  @moduledoc """
  How a command ended whose output went elsewhere: the last element of
  `Proctor.stream/2`, and the answer of `Proctor.Process.await/2`.

  The fields are those of `Proctor.Result`, but for what belongs to a whole call;
  `:stderr` has what was collected of it.
  """
  @moduledoc since: "0.1.0"

  @type t :: %__MODULE__{
          status: Proctor.Result.status(),
          reason: atom(),
          killed: boolean(),
          truncated: [:stdout | :stderr],
          usage: %{optional(atom()) => non_neg_integer()},
          cgroup: %{optional(atom()) => non_neg_integer()},
          stderr: binary(),
          os_pid: pos_integer() | nil
        }

  @enforce_keys [:status]
  defstruct status: nil,
            reason: :normal,
            killed: false,
            truncated: [],
            usage: %{},
            cgroup: %{},
            stderr: "",
            os_pid: nil

  @doc false
  def from_erlang(map, os_pid) do
    %__MODULE__{
      status: Proctor.Result.status(Map.get(map, :status, :unknown)),
      reason: Map.get(map, :reason, :unknown),
      killed: Map.get(map, :killed, false),
      truncated: Map.get(map, :truncated, []),
      usage: Map.get(map, :usage, %{}),
      cgroup: Map.get(map, :cgroup, %{}),
      stderr: Map.get(map, :stderr, ""),
      os_pid: os_pid
    }
  end

  defimpl Inspect do
    import Proctor.Shown

    def inspect(exit, opts) do
      names = [:status, :reason, :killed, :stderr, :truncated]
      document("Proctor.Exit", members(exit, names, opts), opts)
    end
  end
end
