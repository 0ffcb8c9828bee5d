defmodule Proctor.Task.Error do
  @moduledoc """
  Why a task has not done what it was asked.

    * `:stage` and `:posix` - what has failed and with which error, as in `stage:
      :call, posix: :enoent`; the stages are in `:proctor_task`
    * `:detail` - the call, the step, or the number of the argument
    * `:index` and `:results` - of `Proctor.Task.run/3`
  """
  @moduledoc since: "0.1.0"

  @type t :: %__MODULE__{
          stage: atom(),
          posix: atom(),
          detail: term(),
          index: non_neg_integer() | nil,
          results: [term()]
        }

  defexception [:stage, :posix, :detail, :index, results: []]

  @doc false
  def new(error, index \\ nil, results \\ [])

  def new({stage, posix, detail}, index, results),
    do: %__MODULE__{stage: stage, posix: posix, detail: detail, index: index, results: results}

  def new(reason, index, results), do: new({:start, :eio, reason}, index, results)

  @impl true
  def message(%{stage: :gone}), do: "there is no such task any more"
  def message(%{stage: :argument, detail: n}), do: "argument #{n} is wrong"
  def message(%{stage: :system, detail: name}), do: "#{name}: there is no such call here"
  def message(%{stage: :owner, detail: name}), do: "#{name}: the task is somebody else's"
  def message(%{stage: :policy, detail: name}), do: "#{name}: not permitted by its filters"
  def message(%{stage: :timeout, detail: name}), do: "#{name}: it took too long"

  def message(%{stage: stage, posix: posix, detail: detail}) do
    text =
      case :file.format_error(posix) do
        ~c"unknown POSIX error" -> posix
        text -> text
      end

    "#{if is_atom(detail), do: detail, else: stage}: #{text}"
  end
end
