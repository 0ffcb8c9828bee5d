defmodule Proctor.Test.Sink do
  defstruct [:fun]

  defimpl Collectable do
    def into(sink) do
      collect = fn
        sink, {:cont, data} ->
          sink.fun.(data)
          sink

        sink, :done ->
          sink

        _sink, :halt ->
          :ok
      end

      {sink, collect}
    end
  end
end
