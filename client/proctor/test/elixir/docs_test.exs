defmodule Proctor.DocsTest do
  use ExUnit.Case, async: true

  # Where EDoc is, as Debian has it in a package of its own.
  @moduletag skip: :code.which(:edoc) == :non_existing

  test "h :proctor.cmd has something to show" do
    assert {:docs_v1, _, :erlang, "application/erlang+html", %{"en" => module}, _, docs} =
             Code.fetch_docs(:proctor)

    assert inspect(module) =~ "Runs operating-system processes"

    for arity <- [2, 3], {:function, :cmd, ^arity} = key <- Enum.map(docs, &elem(&1, 0)) do
      assert {^key, _, [_ | _], doc, _} = List.keyfind(docs, key, 0)
      assert doc != :none and doc != %{}
    end

    assert {{:function, :cmd, 3}, _, _, %{"en" => text}, _} =
             List.keyfind(docs, {:function, :cmd, 3}, 0)

    assert inspect(text) =~ "PATH"
  end

  test "each function of ours has a text, a type and the version it came with" do
    {:ok, modules} = :application.get_key(:proctor, :modules)

    for module <- modules,
        match?("Elixir." <> _, Atom.to_string(module)),
        {:docs_v1, _, _, _, %{}, about, docs} <- [Code.fetch_docs(module)] do
      assert is_binary(about[:since]), "#{inspect(module)} has no @moduledoc since"

      {:ok, specs} = Code.Typespec.fetch_specs(module)

      for {{:function, name, arity}, _, _, doc, about} <- docs,
          doc != :hidden,
          not generated?(name) do
        what = "#{inspect(module)}.#{name}/#{arity}"
        assert doc != :none, "#{what} has no @doc"
        assert about[:since], "#{what} has no @doc since"

        assert List.keymember?(specs, {name, arity}, 0) or about[:delegate_to],
               "#{what} has no @spec"
      end
    end
  end

  # Of defexception, defstruct and protocols.
  defp generated?(name), do: name in [:exception, :message, :__struct__, :__impl__]
end
