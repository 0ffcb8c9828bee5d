defmodule Proctor.Shown do
  @moduledoc false

  # What Inspect tells of ends: how, why, and little of the output, with its size.

  import Inspect.Algebra

  @bytes 64

  @doc "Documents of the members of a struct, in that order, for `document/3`."
  def members(struct, names, opts),
    do: Enum.flat_map(names, &member(&1, Map.get(struct, &1), opts))

  @doc "`#Name<member, ...>`."
  def document(name, members, opts),
    do: container_doc("##{name}<", members, ">", opts, fn doc, _ -> doc end)

  defp member(_name, nil, _opts), do: []
  defp member(:reason, :normal, _opts), do: []
  defp member(_name, empty, _opts) when empty in ["", false, []], do: []
  defp member(:duration_ms, ms, _opts), do: ["#{ms} ms"]

  defp member(name, true, _opts), do: [Atom.to_string(name)]

  defp member(name, data, opts)
       when name in [:stdout, :stderr] and is_binary(data) and byte_size(data) > @bytes do
    head = binary_part(data, 0, @bytes)
    [concat(["#{name}: ", to_doc(head, opts), "... (#{byte_size(data)} bytes)"])]
  end

  defp member(name, value, opts) when name in [:stdout, :stderr, :detail, :truncated],
    do: [concat("#{name}: ", to_doc(value, opts))]

  defp member(:command, command, _opts), do: [Kernel.inspect(command)]
  defp member(_name, value, opts), do: [to_doc(value, opts)]
end
