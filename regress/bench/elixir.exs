# The Elixir client beside System.cmd, beside a bare loop of the Erlang client,
# and beside MuonTrap, Forcola and Exile, where PEER_MUONTRAP, PEER_FORCOLA and
# PEER_EXILE name folders of ebin of theirs. Interleaved: each round runs each
# system once, in a process of its own. Figures are medians of the rounds, goals
# medians of the quotients within each round.
#
#     elixir -pa EBIN regress/bench/elixir.exs
#
# BENCH_ROUNDS (7) and BENCH_TASKS choose; BENCH_DIR gets elixir.dat.

defmodule Bench do
  @lines 300_000
  @bytes 32_000_000

  def main do
    # Each run is told to the logger at debug, and Elixir shows that.
    Logger.configure(level: :warning)
    {:ok, _} = Application.ensure_all_started(:proctor)
    peers = for {app, name} <- peers(), path = System.get_env(name), load(app, path), do: app
    rounds = String.to_integer(System.get_env("BENCH_ROUNDS", "7"))
    wanted = System.get_env("BENCH_TASKS")

    results =
      for {task, unit, systems} <- tasks(),
          wanted == nil or Atom.to_string(task) in String.split(wanted, ",") do
        systems = for {name, needs, fun} <- systems, needs in [nil | peers], do: {name, fun}
        measured = for _ <- 1..rounds, do: for({name, fun} <- systems, do: {name, alone(fun)})

        {task, unit,
         for(
           {name, _} <- systems,
           do: {name, for(r <- measured, do: r |> List.keyfind(name, 0) |> elem(1))}
         )}
      end

    Enum.each(results, &print/1)
    judged = Enum.flat_map(goals(), &judge(&1, results))
    write(System.get_env("BENCH_DIR", "build/bench"), results)
    unless Enum.all?(judged), do: System.halt(1)
  end

  defp peers,
    do: [muontrap: "PEER_MUONTRAP", forcola: "PEER_FORCOLA", exile: "PEER_EXILE"]

  defp load(app, path) do
    for folder <- String.split(path, ":"), do: Code.prepend_path(folder)
    match?({:ok, _}, Application.ensure_all_started(app)) or raise("#{app} does not start")
  end

  defp alone(fun) do
    Task.async(fn ->
      # Of what begins with something else the function says how long it took.
      case :timer.tc(fun) do
        {_, {:took, us}} -> us / 1000
        {us, _} -> us / 1000
      end
    end)
    |> Task.await(:infinity)
  end

  ## What is measured: {task, unit, [{system, what it needs, function}]}

  defp tasks do
    [
      {:one, "ms for 50 runs of /bin/true, one after the other",
       for(s <- runs(), do: repeat(s, 50))},
      {:undisturbed, "us for a run of /bin/true, that a tenth of 100 are faster than",
       for(s <- runs(), do: undisturbed(s))},
      {:through_path, "ms for 50 runs of true through PATH, one after the other",
       for(s <- runs("true"), do: repeat(s, 50))},
      {:fifty, "ms for 50 runs of /bin/true at once", for(s <- runs(), do: at_once(s, 50))},
      {:lines, "ms for 300,000 lines", lines()},
      {:bytes, "ms for 32 MB in pieces", bytes()},
      {:cat, "ms for 32 MB through cat and back", through_cat()},
      {:close, "ms to close a session whose child does not read", close()}
    ]
  end

  defp runs(program \\ "/bin/true") do
    [
      {"System.cmd", nil, fn -> {_, 0} = System.cmd(program, []) end},
      {"Proctor.cmd", nil, fn -> {_, 0} = Proctor.cmd(program, []) end},
      {"Proctor.run", nil,
       fn -> {:ok, %{status: 0}} = Proctor.run([program], timeout: 60_000) end},
      {"MuonTrap.cmd", :muontrap, fn -> {_, 0} = apply(MuonTrap, :cmd, [program, []]) end},
      {"Forcola.run", :forcola,
       fn -> {:ok, %{status: 0}} = apply(Forcola, :run, [[program], [timeout_ms: 60_000]]) end}
    ]
  end

  defp repeat({name, needs, fun}, n), do: {name, needs, fn -> for _ <- 1..n, do: fun.() end}

  # What others on the machine have had no part in.
  defp undisturbed({name, needs, fun}) do
    {name, needs,
     fn ->
       times = for _ <- 1..100, do: fun |> :timer.tc() |> elem(0)
       {:took, 1000 * (times |> Enum.sort() |> Enum.at(10))}
     end}
  end

  defp at_once({name, needs, fun}, n) do
    {name, needs,
     fn ->
       for(_ <- 1..n, do: Task.async(fun)) |> Task.await_many(:infinity)
     end}
  end

  defp seq, do: ["seq", Integer.to_string(@lines)]

  defp lines do
    [
      {"recv loop", nil, &recv_lines/0},
      {"Proctor.lines", nil,
       fn -> @lines = Proctor.lines(seq(), timeout: 60_000) |> Enum.count() end},
      {"the same, window", nil,
       fn -> @lines = Proctor.lines(seq(), timeout: 60_000, window: 262_144) |> Enum.count() end},
      {"Proctor.cmd lines:", nil,
       fn ->
         {list, 0} = Proctor.cmd("seq", tl(seq()), into: [], lines: 1024)
         @lines = length(list)
       end}
      | system_lines()
    ] ++
      [
        {"Forcola.Stream.lines", :forcola,
         fn ->
           @lines = apply(Forcola.Stream, :lines, [seq(), [timeout_ms: 60_000]]) |> Enum.count()
         end}
      ]
  end

  # Of Elixir 1.15.
  defp system_lines do
    if Version.match?(System.version(), ">= 1.15.0"),
      do: [
        {"System.cmd lines:", nil,
         fn ->
           {list, 0} = System.cmd("seq", tl(seq()), into: [], lines: 1024)
           @lines = length(list)
         end}
      ],
      else: []
  end

  # What nothing could do without: the pieces as they come, split with a rest.
  defp recv_lines do
    {:ok, pid, _} = :proctor.run(seq(), [:stdout, active: false, kill_group: true])
    @lines = recv_lines(pid, "", 0)
  end

  defp recv_lines(pid, rest, n) do
    case :proctor.recv(pid, 0) do
      {:ok, data} ->
        {rest, n} = each(:binary.split(rest <> data, "\n", [:global]), n)
        recv_lines(pid, rest, n)

      {:error, _} ->
        n
    end
  end

  # It looks at each line, as who takes them does.
  defp each([rest], n), do: {rest, n}
  defp each([line | lines], n) when is_binary(line), do: each(lines, n + 1)

  defp zeros, do: ["head", "-c", Integer.to_string(@bytes), "/dev/zero"]

  defp bytes do
    [
      {"recv loop, 256 KiB", nil,
       fn ->
         {:ok, pid, _} = :proctor.run(zeros(), [:stdout, active: false, window: 262_144])
         @bytes = recv_bytes(pid, 0)
       end},
      {"Proctor.stream!", nil,
       fn -> @bytes = Proctor.stream!(zeros()) |> Enum.reduce(0, &(byte_size(&1) + &2)) end},
      {"the same, 256 KiB", nil,
       fn ->
         @bytes =
           Proctor.stream!(zeros(), window: 262_144) |> Enum.reduce(0, &(byte_size(&1) + &2))
       end},
      {"System.cmd", nil,
       fn ->
         {data, 0} = System.cmd("head", tl(zeros()))
         @bytes = byte_size(data)
       end},
      {"Exile.stream!", :exile,
       fn ->
         @bytes = apply(Exile, :stream!, [zeros()]) |> Enum.reduce(0, &(byte_size(&1) + &2))
       end}
    ]
  end

  defp recv_bytes(pid, n) do
    case :proctor.recv(pid, 0) do
      {:ok, data} -> recv_bytes(pid, n + byte_size(data))
      {:error, _} -> n
    end
  end

  defp through_cat do
    input = fn -> Stream.duplicate(:binary.copy("x", 64_000), div(@bytes, 64_000)) end

    for {name, needs, stream} <- [
          {"Proctor.stream!", nil, &Proctor.stream!/2},
          {"Exile.stream!", :exile, &apply(Exile, :stream!, [&1, &2])}
        ] do
      {name, needs,
       fn ->
         @bytes = stream.(["cat"], input: input.()) |> Enum.reduce(0, &(byte_size(&1) + &2))
       end}
    end
  end

  defp close do
    [
      {"Proctor.Duplex", nil,
       fn ->
         {:ok, session} = Proctor.Duplex.open(["sleep", "1000"])
         pid = session.pid
         spawn(fn -> Proctor.Duplex.write(session, :binary.copy("x", 4_000_000)) end)
         receive(do: (_ -> :ok), after: (20 -> :ok))
         {us, :ok} = :timer.tc(fn -> Proctor.Duplex.close(session) end)
         false = Process.alive?(pid)
         {:took, us}
       end}
    ]
  end

  ## Goals: {task, system, other, quotient at most, more}

  defp goals do
    [
      {:one, "Proctor.cmd", "System.cmd", 1.0, "not slower than System.cmd"},
      {:undisturbed, "Proctor.cmd", "System.cmd", 1.0, "not slower than System.cmd"},
      {:fifty, "Proctor.cmd", "System.cmd", 1.0, "not slower than System.cmd"},
      {:lines, "Proctor.lines", "recv loop", 1.3, "of a bare recv loop"},
      {:lines, "the same, window", "recv loop", 1.3, "of a bare recv loop"},
      {:bytes, "Proctor.stream!", "recv loop, 256 KiB", 1.2, "of a recv loop of 256 KiB windows"},
      {:close, "Proctor.Duplex", nil, 50.0, "ms"}
    ]
  end

  defp judge({task, system, other, most, why}, results) do
    for {^task, _, systems} <- results do
      mine = List.keyfind(systems, system, 0) |> elem(1)

      value =
        if other do
          theirs = List.keyfind(systems, other, 0) |> elem(1)
          median(for {a, b} <- Enum.zip(mine, theirs), do: a / b)
        else
          median(mine)
        end

      ok = value <= most

      IO.puts(
        "#{if ok, do: "ok  ", else: "MISS"} #{task}: #{system} #{round2(value)}, at most #{most}: #{why}"
      )

      ok
    end
  end

  defp print({task, unit, systems}) do
    IO.puts("\n#{task}: #{unit}")

    for {name, times} <- systems do
      [low, middle, high] =
        for t <- [Enum.min(times), median(times), Enum.max(times)], do: round2(t)

      IO.puts("  #{String.pad_trailing(name, 24)} #{middle}  (#{low} to #{high})")
    end
  end

  defp median(list), do: list |> Enum.sort() |> Enum.at(div(length(list), 2))
  defp round2(number), do: Float.round(number * 1.0, 2)

  # For plot.sh: what each takes of what the first of its task does.
  defp write(folder, results) do
    File.mkdir_p!(folder)

    rows =
      for {task, _, [{_, first} | _] = systems} <- results, {name, times} <- systems do
        quotient = median(for {a, b} <- Enum.zip(times, first), do: a / b)
        ~s("#{task}: #{name}" #{round2(quotient)} #{round2(median(times))}\n)
      end

    File.write!(Path.join(folder, "elixir.dat"), rows)
  end
end

Bench.main()
