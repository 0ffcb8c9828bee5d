defmodule Proctor.Test.Own do
  # A collectable whose function is given everything.
  defstruct [:value, :fun]

  defimpl Collectable do
    def into(own), do: {own.value, own.fun}
  end
end
