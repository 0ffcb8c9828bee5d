defmodule Mix.Tasks.Compile.ProctorPort do
  # Builds the programs in C: see port.sh.
  @moduledoc false
  use Mix.Task.Compiler

  @impl true
  def run(_args) do
    port = Path.join(__DIR__, "port.sh")
    path = Mix.Project.app_path()

    case System.cmd("sh", [port, path], into: IO.stream(), stderr_to_stdout: true) do
      {_, 0} -> {:noop, []}
      {_, _} -> Mix.raise("the port program of proctor cannot be built")
    end
  end

  @impl true
  def clean do
    path = Mix.Project.app_path()

    programs = ~w(proctor proctor-broker proctor-task proctor-worker)

    for each <- ["build" | Enum.map(programs, &"priv/#{&1}")] do
      File.rm_rf!(Path.join(path, each))
    end
  end
end

defmodule Mix.Tasks.Compile.ProctorChunks do
  # Writes what `h :proctor.cmd` shows: see chunks.sh. Nothing else misses it.
  @moduledoc false
  use Mix.Task.Compiler

  @impl true
  def run(_args) do
    chunks = Path.join(__DIR__, "chunks.sh")

    case System.cmd("sh", [chunks, folder()], stderr_to_stdout: true) do
      {_, 0} -> {:noop, []}
      {said, _} -> Mix.shell().error("no documentation for h/1: " <> said) && {:noop, []}
    end
  end

  @impl true
  def clean, do: File.rm_rf!(folder())

  defp folder, do: Path.join(Mix.Project.app_path(), "doc")
end

defmodule Proctor.MixProject do
  use Mix.Project

  # What src/proctor.app.src says is not said again here.
  {:ok, [{:application, :proctor, app}]} =
    :file.consult(Path.join([__DIR__, "src", "proctor.app.src"]))

  @app app

  def project do
    [
      app: :proctor,
      version: String.trim(File.read!(Path.join(__DIR__, "VERSION"))),
      description: to_string(@app[:description]),
      elixir: "~> 1.14",
      compilers: [:proctor_port | Mix.compilers()] ++ [:proctor_chunks],
      elixirc_paths: ["lib"] ++ if(Mix.env() == :test, do: ["test/elixir/support"], else: []),
      test_paths: ["test/elixir"],
      deps: deps(),
      docs: docs()
    ]
  end

  # `MIX_ENV=docs mix do deps.get, docs`, where Hex is. Nothing needs Hex.
  defp deps do
    if Mix.env() == :docs and Code.ensure_loaded?(Hex),
      do: [{:ex_doc, ">= 0.29.0", only: :docs, runtime: false}],
      else: []
  end

  defp docs do
    [
      main: "Proctor",
      extras: Enum.filter(["../../README.md" | guides()], &File.exists?(Path.join(__DIR__, &1))),
      groups_for_extras: [Guides: ~r"doc/from-", Manual: ~r"doc/"],
      groups_for_modules: [
        Run: [Proctor, Proctor.Result, Proctor.Error, Proctor.Signal],
        Stream: [Proctor.Stream, Proctor.Stream.Error, Proctor.Exit],
        Talk: [Proctor.Process, Proctor.Duplex],
        Tasks: [Proctor.Task, Proctor.Task.Error],
        Supervise: [Proctor.Daemon, Proctor.Options, Proctor.Cgroups],
        Operate: [Proctor.Instance, Proctor.Telemetry]
      ]
    ]
  end

  defp guides do
    folder = Path.join(__DIR__, "../../doc")

    for page <- Path.wildcard(folder <> "/*.{md,livemd}"),
        do: Path.join("../../doc", Path.basename(page))
  end

  def application do
    Keyword.take(@app, [:mod, :registered, :env])
  end
end
