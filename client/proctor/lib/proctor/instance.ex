defmodule Proctor.Instance do
  @moduledoc """
  An instance: a port program and the server that owns it.

  The application starts one, `:proctor`, which all functions use unless they are
  told `:instance`. More of them keep commands apart: what ends one ends its own
  commands only. In a supervision tree:

      children = [
        {Proctor.Instance, name: :builds, linger: 1_000}
      ]

  and then `Proctor.run(["make"], timeout: 60_000, instance: :builds)`.

  Options, all of which but `:name` may also be those of the application's
  environment (`config :proctor, ...`) for the first one:

    * `:name` - an atom; required
    * `:portexe` - the port program, by default the one that was built
    * `:user`, `:limit_users`, `:root` - whom commands run as: see the guide of
      privileged mode
    * `:capabilities` - what commands may be given
    * `:cgroup` - as in `Proctor`: for what does not say it itself, and limits for
      all whose own say nothing of them. With `false` daemons have none either
    * `:cgroup_base` - below which control group those of commands are to be, from
      where the trees are mounted; by default the node's own, if that was delegated
      to its user. `info/1` says in `hello.cgroup` what came of it
    * `:alarm` - seconds that the end of an instance may take before everything
      is killed (12)
    * `:linger` - milliseconds, see `Proctor`, of what does not wait
    * `:env` - what to change of the port program's environment
    * `:args` - more arguments of the port program
    * `:groups` - groups of instances that it joins, for `on: {:group, name}`
    * `:answer_timeout` - milliseconds after which a port program that answers
      nothing is ended
    * `:debug` - how much the port program tells, 0 to 10
  """
  @moduledoc since: "0.1.0"

  @type option :: {atom(), term()}

  @doc false
  def child_spec(options) do
    %{
      id: {__MODULE__, name!(options)},
      start: {__MODULE__, :start_link, [options]},
      type: :worker,
      # More than the port program takes to end everything.
      shutdown: (Keyword.get(options, :alarm, 12) + 5) * 1000
    }
  end

  @doc """
  Starts an instance and links it to its caller. For supervisors.
  """
  @doc since: "0.1.0"
  @spec start_link([option()]) :: {:ok, pid()} | {:error, term()}
  def start_link(options) do
    _ = name!(options)
    options |> native() |> :proctor.start_link()
  end

  @doc """
  Starts an instance below the application's own supervisor.
  """
  @doc since: "0.1.0"
  @spec start([option()]) :: {:ok, pid()} | {:error, term()}
  def start(options) do
    _ = name!(options)
    options |> native() |> :proctor.start_instance()
  end

  @doc """
  Starts a new instance beside one that `start/1` or the application has started,
  with its name: for a new port program, or other options.

  Options are those of the moduledoc; what is not said stays as it was. What runs is
  not lost: from then on new commands are run by the new one, and the old one ends
  with the last of its own, which is reached as before until then.

      {:ok, _} = Proctor.Instance.replace(:proctor, portexe: "/opt/app-2/proctor")

  `{:error, :not_found}` if there is none of that name below the application's own
  supervisor; one that cannot be started changes nothing.
  """
  @doc since: "0.1.0"
  @spec replace(atom(), [option()]) :: {:ok, pid()} | {:error, term()}
  def replace(name, options \\ []) when is_atom(name),
    do: :proctor.replace_instance(name, native(options))

  @doc "Ends an instance that `start/1` has started, and all that it runs."
  @doc since: "0.1.0"
  @spec stop(atom()) :: :ok | {:error, term()}
  def stop(name) when is_atom(name), do: :proctor.stop_instance(name)

  @doc "The names of the instances that run on this node."
  @doc since: "0.1.0"
  @spec list() :: [atom()]
  def list, do: for({name, _pid} <- :proctor.instances(), name != :undefined, do: name)

  @doc "What there is to say of an instance and of what it runs."
  @doc since: "0.1.0"
  @spec info(atom() | pid()) :: {:ok, map()} | {:error, term()}
  def info(name), do: :proctor.info(instance: name)

  @doc """
  Sets how much the port program of an instance tells on standard error, from 0
  to 10. Answers with what it was.
  """
  @doc since: "0.1.0"
  @spec debug(atom() | pid(), 0..10) :: {:ok, 0..10} | {:error, term()}
  def debug(name, level), do: :proctor.debug(level, instance: name)

  defp name!(options) do
    case Keyword.fetch!(options, :name) do
      name when is_atom(name) and name not in [nil, true, false] ->
        name

      _ ->
        raise ArgumentError, "Proctor.Instance: option name must be an atom"
    end
  end

  # `nil` unsets a variable here as everywhere.
  defp native(options) do
    Enum.map(options, fn
      {:env, env} -> {:env, Enum.map(env, &variable/1)}
      {:cgroup, limits} -> {:cgroup, Proctor.Spec.limits(limits)}
      option -> option
    end)
  end

  defp variable({name, value}), do: {to_string(name), value || false}
end
