defmodule Proctor.GuidesTest do
  # The examples of README.md and of doc/, as they stand there. In a block
  # `elixir` the lines behind iex> and ...> are run, and what stands below them is
  # a pattern for the result, or the exception. A block without them is run, too,
  # but for lines of mix.exs and config.exs; and so is what a block `diff` has
  # when it was applied.
  use ExUnit.Case, async: false

  @moduletag :capture_log

  @root Path.expand("../../../..", __DIR__)
  @pages [Path.join(@root, "README.md") | Path.wildcard(@root <> "/doc/*.{md,livemd}")]

  for page <- @pages, name = Path.relative_to(page, @root) do
    test name do
      folder =
        Path.join(System.tmp_dir!(), "guides-#{System.pid()}-#{:erlang.phash2(unquote(name))}")

      File.mkdir_p!(folder)
      on_exit(fn -> File.rm_rf!(folder) end)
      Process.put(:folder, folder)

      unquote(page)
      |> File.read!()
      |> blocks()
      |> Enum.reduce({[], __ENV__}, &run/2)
    end
  end

  test "each guide has examples" do
    for page <- @pages,
        String.contains?(page, "/from-"),
        Path.basename(page) not in ["from-erlexec.md", "from-prx.md"] do
      assert length(blocks(File.read!(page))) >= 3, page
    end
  end

  defp blocks(text) do
    for [_, language, code] <- Regex.scan(~r/^```(elixir|diff)\n(.*?)^```$/ms, text),
        not String.starts_with?(code, ["defp deps", "config ", "Mix.install", "elixir -e"]),
        do: {language, code}
  end

  defp run({"diff", code}, state) do
    code
    |> String.split("\n")
    |> Enum.reject(&String.starts_with?(&1, "-"))
    |> Enum.map_join("\n", &String.slice(&1, 1..-1//1))
    |> then(&run({"elixir", &1}, state))
  end

  defp run({"elixir", code}, state) do
    if code =~ ~r/^iex> /m,
      do: code |> examples() |> Enum.reduce(state, &example/2),
      else: example({code, ""}, state)
  end

  # {code, what it should be}
  defp examples(code) do
    code
    |> String.split("\n")
    |> Enum.reduce([], fn
      "iex> " <> line, all -> [{line, ""} | all]
      "...> " <> line, [{code, ""} | all] -> [{code <> "\n" <> line, ""} | all]
      line, [{code, expected} | all] -> [{code, String.trim(expected <> "\n" <> line)} | all]
    end)
    |> Enum.reverse()
  end

  defp example({code, "** (" <> rest}, state) do
    [exception, message] = String.split(rest, ") ", parts: 2)

    error =
      try do
        evaluate(code, state)
        flunk("raised nothing: #{code}")
      rescue
        error -> error
      end

    assert {inspect(error.__struct__), Exception.message(error)} == {exception, message}
    state
  end

  defp example({code, expected}, state) do
    {value, {bindings, env} = state} = evaluate(code, state)

    if expected != "" do
      question = "case value__ do\n#{expected} -> true\n_ -> false\nend"
      {answer, _} = Code.eval_string(question, [{:value__, value} | bindings], env)
      assert answer, "#{code}\nis #{inspect(value)}"
    end

    state
  end

  defp evaluate(code, {bindings, env}) do
    code = String.replace(code, "/tmp/", Process.get(:folder) <> "/")

    {value, bindings, env} =
      Code.eval_quoted_with_env(Code.string_to_quoted!(code), bindings, env)

    {value, {bindings, env}}
  end
end
