defmodule Proctor.Command do
  @moduledoc false

  # A command, run to its end by `proctor:cmd/3`, or, where its output goes into
  # something of the caller's, by a reader.

  alias Proctor.{Error, Result, Spec}

  @spec run(String.t(), [String.t()], map()) :: {:ok, Result.t()} | {:error, Error.t()}
  def run(program, args, read) do
    started = System.monotonic_time(:millisecond)

    case read do
      %{stdout: {:into, into}} ->
        into(program, args, read, into, started)

      _ ->
        answer(:proctor.cmd(program, args, options(read)), program, started)
    end
  end

  @spec pipe([[String.t()]], map()) :: {:ok, Result.t()} | {:error, Error.t()}
  def pipe(commands, read) do
    started = System.monotonic_time(:millisecond)
    pairs = for [program | args] <- commands, do: {program, args}
    answer(:proctor.pipe(pairs, options(read)), pairs |> List.last() |> elem(0), started)
  end

  defp options(read), do: Spec.streams(read) ++ Spec.to_erlang(read)

  defp answer({:ok, map}, program, started),
    do: {:ok, Result.from_erlang(map, program, started)}

  defp answer({:error, {stage, posix, map}}, program, started)
       when is_map(map) and stage in [:timeout, :output, :port] do
    result = Result.from_erlang(map, program, started)
    {:error, %Error{ended(stage, result) | posix: posix, command: program, result: result}}
  end

  defp answer({:error, reason}, program, _started),
    do: {:error, Error.from_erlang(reason, program)}

  defp ended(:output, _result), do: %Error{kind: :max_output, stage: :output}
  defp ended(:port, _result), do: %Error{kind: :port, stage: :port}

  defp ended(:timeout, %{reason: :idle_timeout}),
    do: %Error{kind: :idle_timeout, stage: :timeout}

  defp ended(:timeout, _result), do: %Error{kind: :timeout, stage: :timeout}

  # Output goes into a collectable, in the caller's process and as fast as that
  # takes it.
  defp into(program, args, read, into, started) do
    with {:ok, reader} <- open(program, args, %{read | stdout: :capture}) do
      try do
        {collected, why} = pump(reader, into, Map.get(read, :lines), max_output(read))
        finished(why, collected, reader, program, started)
      after
        :proctor_reader.close(reader)
      end
    end
  end

  defp max_output(read), do: Map.get(read, :max_output, :infinity)

  @doc "Starts a command whose output is taken piece by piece."
  @spec open(String.t(), [String.t()], map()) ::
          {:ok, :proctor_reader.reader()} | {:error, Error.t()}
  def open(program, args, read) do
    defaults = [kill_group: true]
    given = Keyword.merge(defaults, options(Map.drop(read, [:max_output])))
    given = if read[:stderr] == :consume, do: Keyword.delete(given, :stderr), else: given

    with {:ok, argv} <- argv(program, args, Map.get(read, :node, node())),
         {:ok, _own, options} <- :proctor_option_table.divide(:fold_lines, given),
         {:ok, reader} <- :proctor_reader.open(argv, fed(read) ++ consumed(read) ++ options) do
      {:ok, reader}
    else
      {:error, problem} -> {:error, refused(problem, program)}
    end
  end

  @doc "Starts a command that whoever knows it reads, writes and waits for."
  @spec start(String.t(), [String.t()], map(), [term()]) ::
          {:ok, pid(), pos_integer()} | {:error, Error.t()}
  def start(program, args, read, how) do
    given = how ++ [errors: :term, kill_group: Map.get(read, :kill_group, true)]
    given = given ++ options(Map.drop(read, [:kill_group]))

    with {:ok, argv} <- argv(program, args, Map.get(read, :node, node())),
         {:ok, pid, os_pid} <- started(read, argv, given) do
      {:ok, pid, os_pid}
    else
      {:error, reason} -> {:error, refused(reason, program)}
    end
  end

  defp started(%{on: {:group, group}}, argv, options), do: :proctor.run_on(group, argv, options)
  defp started(_read, argv, options), do: :proctor.run(argv, options)

  # It has a pipe for who will feed it.
  defp fed(%{fed: true}), do: [:stdin]
  defp fed(_), do: []

  # And its stderr is taken with its stdout.
  defp consumed(%{stderr: :consume}), do: [stderr: :here]
  defp consumed(_), do: []

  # What the table of options refuses is a problem, what the run does a reason.
  defp refused({:options, :einval, _} = reason, program), do: Error.from_erlang(reason, program)

  defp refused({:badopt, what}, program), do: refused({:options, :einval, what}, program)

  defp refused({:invalid_pty_value, _} = what, program),
    do: refused({:options, :einval, what}, program)

  defp refused({kind, _} = problem, program) when kind in [:unknown, :wrong, :options],
    do: refused({:options, :einval, :proctor_option_table.explain(problem)}, program)

  defp refused({kind, _, _} = problem, program) when kind in [:twice, :value, :not_here],
    do: refused({:options, :einval, :proctor_option_table.explain(problem)}, program)

  defp refused(reason, program), do: Error.from_erlang(reason, program)

  defp argv(program, args, node) do
    {:ok, :proctor_cmd.argv(program, args, node)}
  catch
    :throw, reason -> {:error, reason}
  end

  @doc "Puts text into a collectable, in lines of so many bytes if that is said."
  @spec gather(binary(), Collectable.t(), pos_integer() | nil) :: Collectable.t()
  def gather(text, into, lines) do
    {collected, :ended} =
      collect(into, lines, fn
        acc, _collect, _lines when text == "" -> {acc, :ended}
        acc, collect, lines -> {take(text, acc, collect, lines) |> rest(collect), :ended}
      end)

    collected
  end

  defp pump(reader, into, lines, limit),
    do: collect(into, lines, &pump_next(reader, &1, &2, &3, limit))

  defp collect(into, lines, fill) do
    {acc, collect} = collector(into)

    try do
      fill.(acc, collect, lines && :proctor_lines.new(lines, :keep))
    catch
      kind, reason ->
        collect.(acc, :halt)
        :erlang.raise(kind, reason, __STACKTRACE__)
    else
      {acc, why} -> {collect.(acc, :done), why}
    end
  end

  # Of many lines a list takes all at once, which is half the work.
  defp collector([]) do
    {[],
     fn
       acc, {:cont, item} -> [item | acc]
       acc, {:all, items} -> :lists.reverse(items, acc)
       acc, :done -> :lists.reverse(acc)
       _acc, :halt -> :ok
     end}
  end

  defp collector(into) do
    {acc, collect} = Collectable.into(into)

    {acc,
     fn
       acc, {:all, items} -> Enum.reduce(items, acc, &collect.(&2, {:cont, &1}))
       acc, command -> collect.(acc, command)
     end}
  end

  defp pump_next(reader, acc, collect, lines, limit) do
    case :proctor_reader.next(:stdout, reader) do
      {:ok, data} when byte_size(data) > limit ->
        {take(binary_part(data, 0, limit), acc, collect, lines) |> rest(collect), :max_output}

      {:ok, data} ->
        {acc, lines} = take(data, acc, collect, lines)
        pump_next(reader, acc, collect, lines, less(limit, byte_size(data)))

      :ended ->
        {rest({acc, lines}, collect), :ended}

      {:error, reason} ->
        {rest({acc, lines}, collect), reason}
    end
  end

  # Every number is less than an atom.
  defp less(:infinity, _size), do: :infinity
  defp less(limit, size), do: limit - size

  defp take(data, acc, collect, nil), do: {collect.(acc, {:cont, data}), nil}

  defp take(data, acc, collect, lines) do
    {complete, lines} = :proctor_lines.split(data, lines)
    {collect.(acc, {:all, complete}), lines}
  end

  defp rest({acc, nil}, _collect), do: acc
  defp rest({acc, lines}, collect), do: collect.(acc, {:all, :proctor_lines.rest(lines)})

  defp finished(:ended, collected, reader, program, started) do
    case :proctor_reader.await_exit(reader) do
      %{reason: reason} = exit when reason in [:timeout, :idle_timeout] ->
        answer({:error, {:timeout, :etimedout, known(exit, collected, reader)}}, program, started)

      %{reason: :shutdown} = exit ->
        answer({:error, {:port, :eio, known(exit, collected, reader)}}, program, started)

      %{} = exit ->
        answer({:ok, known(exit, collected, reader)}, program, started)

      {reason, partial} ->
        lost(reason, partial, collected, reader, program, started)
    end
  end

  defp finished(:max_output, collected, reader, program, started) do
    map = known(%{reason: :max_output}, collected, reader)
    answer({:error, {:output, :emsgsize, map}}, program, started)
  end

  defp finished(reason, collected, reader, program, started),
    do: lost(reason, %{reason: reason}, collected, reader, program, started)

  defp lost(reason, partial, collected, reader, program, started) do
    posix = if reason == :no_answer, do: :etimedout, else: :eio
    answer({:error, {:port, posix, known(partial, collected, reader)}}, program, started)
  end

  defp known(exit, collected, reader),
    do: Map.merge(exit, %{stdout: collected, ospid: :proctor_reader.os_pid(reader)})
end
