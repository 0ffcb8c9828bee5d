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

    for each <- ~w(build priv/proctor priv/proctor-broker priv/proctor-worker) do
      File.rm_rf!(Path.join(path, each))
    end
  end
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
      compilers: [:proctor_port | Mix.compilers()],
      elixirc_paths: ["lib"] ++ if(Mix.env() == :test, do: ["test/elixir/support"], else: []),
      test_paths: ["test/elixir"],
      deps: []
    ]
  end

  def application do
    Keyword.take(@app, [:mod, :registered, :env])
  end
end
