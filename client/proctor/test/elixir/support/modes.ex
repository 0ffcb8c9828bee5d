defmodule Proctor.Test.Modes do
  # Each way to run shell text. None returns before that has ended.

  alias Proctor.{Daemon, Duplex}

  @linked [:daemon, :positional]
  @modes [:run, :cmd, :into, :shell, :pipe, :stream, :lines, :process, :duplex] ++ @linked

  def all, do: @modes
  def unlinked, do: @modes -- @linked

  def run(:run, text), do: Proctor.run(argv(text), timeout: :infinity)
  def run(:cmd, text), do: Proctor.cmd("sh", ["-c", text])
  def run(:into, text), do: Proctor.cmd("sh", ["-c", text], into: [])
  def run(:shell, text), do: Proctor.shell(text)
  def run(:pipe, text), do: Proctor.pipe([argv(text), ["cat"]], timeout: :infinity)
  def run(:stream, text), do: Stream.run(Proctor.stream(argv(text)))

  def run(:lines, text) do
    Stream.run(Proctor.lines(argv(text), timeout: :infinity))
  rescue
    error in Proctor.Stream.Error -> error
  end

  def run(:process, text) do
    {:ok, process} = Proctor.Process.start(argv(text))
    Proctor.Process.await(process, :infinity)
  end

  def run(:duplex, text) do
    {:ok, session} = Duplex.open(argv(text))

    receive do
      {:proctor_exit, ^session, status} -> status
    end
  end

  def run(:daemon, text), do: down(Daemon.start_link(argv: argv(text), log_output: :none))
  def run(:positional, text), do: down(Daemon.start_link("sh", ["-c", text]))

  defp down({:ok, daemon}) do
    ref = Process.monitor(daemon)

    receive do
      {:DOWN, ^ref, _, _, reason} -> reason
    end
  end

  defp argv(text), do: ["sh", "-c", text]

  @doc "All modes at once, until the node ends, which says who it is."
  def all_at_once(mark) do
    {:ok, _} = Application.ensure_all_started(:proctor)
    for mode <- @modes, do: spawn(fn -> run(mode, text(mode, mark)) end)
    IO.puts("node #{System.pid()}")
    Process.sleep(:infinity)
  end

  @doc "A family of three, one of whom has left it; a mark that is of no other."
  def text(mode, mark) do
    n = number(mode, mark)
    ": #{n}; setsid sleep #{n} & sleep #{n} & wait"
  end

  defp number(mode, mark), do: "#{mark}#{Enum.find_index(@modes, &(&1 == mode)) + 10}"

  @doc "Who has the mark of a mode, or of any."
  def marked(mode, mark), do: marked(number(mode, mark))

  def marked(mark) do
    for folder <- Path.wildcard("/proc/[0-9]*"),
        {:ok, line} <- [File.read(Path.join(folder, "cmdline"))],
        String.contains?(line, mark),
        not String.contains?(line, "all_at_once"),
        do: Path.basename(folder)
  end

  @doc "Digits that no process has among its arguments."
  def mark, do: "9#{System.pid()}#{System.unique_integer([:positive])}"
end
