defmodule Proctor.Signal do
  @moduledoc """
  Signals by name and by number.
  """
  @moduledoc since: "0.1.0"

  @typedoc "`:sigterm`, `:term` or `15`."
  @type t :: atom() | pos_integer()

  @doc """
  The name of a signal.

      iex> Proctor.Signal.name(15)
      :sigterm
      iex> Proctor.Signal.name(:term)
      :sigterm

  A number that has no name stays one:

      iex> Proctor.Signal.name(40)
      40
  """
  @doc since: "0.1.0"
  @spec name(t()) :: atom() | pos_integer()
  def name(signal) do
    :proctor.signal(number(signal))
  end

  @doc """
  The number of a signal.

      iex> Proctor.Signal.number(:sigterm)
      15
      iex> Proctor.Signal.number(:kill)
      9
      iex> Proctor.Signal.number(15)
      15

  Raises `ArgumentError` if there is no such signal.
  """
  @doc since: "0.1.0"
  @spec number(t()) :: pos_integer()
  def number(signal) when is_integer(signal) and signal in 1..64, do: signal

  def number(signal) when is_atom(signal) do
    name = Atom.to_string(signal)

    :proctor.signal_to_int(
      String.to_existing_atom("sig" <> String.replace_prefix(name, "sig", ""))
    )
  rescue
    ArgumentError -> unknown(signal)
  end

  def number(signal), do: unknown(signal)

  defp unknown(signal), do: raise(ArgumentError, "no signal: #{inspect(signal)}")
end
