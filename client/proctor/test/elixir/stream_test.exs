defmodule Proctor.StreamTest do
  use ExUnit.Case, async: true
  import Proctor.Test.Helpers

  alias Proctor.Exit
  alias Proctor.Stream.Error

  doctest Proctor.Stream

  defp lines(text, options \\ []),
    do: Proctor.Stream.lines(["sh", "-c", text], Keyword.put_new(options, :timeout_ms, 10_000))

  defp chunks(text, options), do: Proctor.stream!(["sh", "-c", text], options)

  defp fails(stream, take \\ 1_000_000) do
    assert_raise Error, fn -> stream |> Enum.take(take) end
  end

  describe "lines/2" do
    test "runs nothing before it is enumerated, and each time anew" do
      stream = lines("echo $$")
      [one] = Enum.to_list(stream)
      [two] = Enum.to_list(stream)
      assert one != two
    end

    test "fetches its timeout at the call" do
      assert_raise KeyError, fn -> Proctor.Stream.lines(["true"], []) end
      assert Proctor.lines(["echo", "a"], timeout: :infinity) |> Enum.to_list() == ["a"]
    end

    test "splits at newlines only" do
      assert lines("printf 'a\\r\\nb\\n\\nc'") |> Enum.to_list() == ["a\r", "b", "", "c"]
    end

    test "long lines come in several, if that is wanted" do
      assert lines("echo abcde", max_line: 2) |> Enum.to_list() == ["ab", "cd", "e"]
    end

    test "raises behind the last line" do
      me = self()

      error =
        assert_raise Error, fn ->
          lines("echo a; echo e >&2; exit 3") |> Enum.each(&send(me, {:line, &1}))
        end

      assert_received {:line, "a"}
      assert %Error{status: 3, stderr: "e\n", reason: nil, timed_out: false} = error
      assert Exception.message(error) == "sh exited with 3"
    end

    test "says which time was over" do
      assert %Error{timed_out: true, idle_timed_out: false, status: {:signal, 15}} =
               fails(lines("sleep 10", timeout_ms: 100))
    end

    test "idle, of either stream, in milliseconds" do
      assert %Error{timed_out: false, idle_timed_out: true} =
               fails(lines("echo a; sleep 10", idle_timeout_ms: 200))

      text = "for i in 1 2 3 4 5; do sleep 0.1; echo e >&2; done"
      assert lines(text, idle_timeout_ms: 5_000) |> Enum.to_list() == []
    end

    test "a pause of who takes it, under a window, is nobody's idleness" do
      stream = Proctor.lines(["yes"], timeout: 20_000, idle_timeout: 300, window_bytes: 4096)

      assert stream
             |> Stream.take(4000)
             |> Stream.with_index()
             |> Enum.map(fn {_, i} -> if i == 1000, do: Process.sleep(800) end)
             |> length() == 4000
    end

    test "a program that is not there" do
      error = fails(Proctor.lines(["no-such-program", "secret"], timeout: 1_000))
      assert %Error{status: nil, reason: %Proctor.Error{posix: :enoent}} = error
      refute Exception.message(error) =~ "secret"
    end

    test "windows" do
      for bad <- [0, -1, 1.5, "1"] do
        assert_raise ArgumentError, fn -> lines("true", window_bytes: bad) end
      end

      for option <- [window_bytes: 1000, backpressure: true] do
        assert lines("seq 100000", [option]) |> Enum.count() == 100_000
      end
    end

    test "without a window the command is not held up" do
      {:ok, counter} = Agent.start_link(fn -> nil end)

      lines("seq 20000; echo done >&2; echo last")
      |> Enum.each(fn _ -> Agent.get(counter, & &1) end)
    end

    test "a halt ends the command and all of its group" do
      [line] = lines("echo $$; sleep 1000 & sleep 1000") |> Enum.take(1)
      refute File.exists?("/proc/#{line}")
    end

    test "an exception of who takes it ends it as well" do
      me = self()

      assert_raise RuntimeError, "enough", fn ->
        lines("echo $$; sleep 1000")
        |> Enum.each(fn line ->
          send(me, {:os_pid, line})
          raise "enough"
        end)
      end

      assert_received {:os_pid, os_pid}
      refute File.exists?("/proc/#{os_pid}")
    end

    test "leaves no message behind, whatever happens" do
      lines("echo a; echo b") |> Enum.to_list()
      lines("yes") |> Enum.take(3)
      fails(lines("exit 1"))
      fails(Proctor.lines(["no-such-program"], timeout: 1_000))
      Process.sleep(50)
      refute_received _
    end
  end

  describe "stream!/2" do
    test "pieces, of a size at most" do
      pieces = chunks("head -c 100000 /dev/zero", max_chunk_size: 1000) |> Enum.to_list()
      assert pieces |> Enum.map(&byte_size/1) |> Enum.sum() == 100_000
      assert Enum.all?(pieces, &(byte_size(&1) <= 1000))
    end

    test "input of every kind" do
      cat = fn input -> Proctor.stream!(["cat"], input: input) |> Enum.join() end
      assert cat.("abc") == "abc"
      assert cat.(["a", ["b"], ?c]) == "abc"
      assert cat.(Stream.map(1..3, &"#{&1}\n")) == "1\n2\n3\n"
      assert cat.(["a", "b"] |> Stream.concat(["c"])) == "abc"
      assert cat.(fn sink -> Enum.into(["a", "b"], sink) end) == "ab"
      assert cat.(MapSet.new(["a"])) == "a"
      assert cat.("") == ""
    end

    test "much of it goes in and out at once" do
      input = Stream.repeatedly(fn -> :binary.copy("x", 65_536) end) |> Stream.take(200)
      out = Proctor.stream!(["cat"], input: input) |> Enum.reduce(0, &(byte_size(&1) + &2))
      assert out == 200 * 65_536
    end

    test "input without an end, and who takes two" do
      assert Proctor.stream!(["cat"], input: Stream.cycle(["abc"])) |> Enum.take(2) |> length() ==
               2

      Process.sleep(50)
      refute_received _
    end

    test "a command that leaves input unread" do
      endless = Stream.cycle([:binary.copy("x", 100_000)])
      error = fails(Proctor.stream!(["head", "-c", "1"], input: endless))
      assert error.reason == :epipe

      assert Proctor.stream!(["head", "-c", "1"], input: endless, ignore_epipe: true)
             |> Enum.to_list() == ["x"]
    end

    test "what the input raises is raised to who takes the output" do
      bad = Stream.map([1], fn _ -> raise "boo" end)

      assert_raise RuntimeError, "boo", fn ->
        Proctor.stream!(["cat"], input: bad) |> Enum.to_list()
      end

      refute_received _
    end

    test "stderr" do
      text = "echo o; echo e >&2; exit 1"
      assert %Error{stderr: "e\n"} = fails(chunks(text, stderr: :capture))
      assert %Error{stderr: ""} = fails(chunks(text, stderr: :discard))

      assert chunks("echo o; echo e >&2", stderr_to_stdout: true) |> Enum.join() == "o\ne\n"
      assert chunks("echo o; echo e >&2", stderr: :redirect_to_stdout) |> Enum.join() == "o\ne\n"
      assert %Error{stderr: ""} = fails(chunks(text, stderr: :disable))
    end

    test "both streams at once" do
      text = "head -c 300000 /dev/zero >&2; echo o; exit 0"
      pieces = chunks(text, stderr: :consume) |> Enum.to_list()
      assert for({:stdout, data} <- pieces, do: data) == ["o\n"]
      assert Enum.sum(for {:stderr, data} <- pieces, do: byte_size(data)) == 300_000
    end

    test "the port program's end is told" do
      {:ok, _} = Proctor.Instance.start(name: :stream_end)
      options = [instance: :stream_end, timeout: :infinity]

      for run <- [
            &Proctor.stream!(["sh", "-c", "echo $$; exec sleep 1000"], &1 ++ [stderr: :discard]),
            &Proctor.lines(["sh", "-c", "echo e >&2; echo $$; exec sleep 1000"], &1)
          ] do
        error =
          assert_raise Error, fn ->
            run.(options)
            |> Enum.each(fn _ -> spawn(fn -> Proctor.Instance.stop(:stream_end) end) end)
          end

        assert %Proctor.Error{kind: :port} = error.reason
        assert Exception.message(error) =~ "the port program is gone"
        assert error.stderr in ["", "e\n"]
        eventually(fn -> match?({:ok, _}, Proctor.Instance.start(name: :stream_end)) end)
      end

      into = %Proctor.Test.Sink{
        fun: fn _ -> spawn(fn -> Proctor.Instance.stop(:stream_end) end) end
      }

      assert {:error, {:spawn, {:shim_exited, %Proctor.Result{stdout: ^into}}}} =
               Proctor.run(["sh", "-c", "echo a; exec sleep 1000"], options ++ [stdout: into])
    end
  end

  test "stream/2 tells the end" do
    assert [{:exit, %Exit{status: 0, reason: :normal}}] =
             Proctor.stream(["true"]) |> Enum.to_list()

    assert [{:exit, %Exit{status: 0, reason: :epipe}}] =
             Proctor.stream(["true"], input: Stream.cycle(["abc"])) |> Enum.to_list()

    assert [{:exit, %Proctor.Error{posix: :enoent}}] =
             Proctor.stream(["no-such-program"]) |> Enum.to_list()
  end

  test "a process that traps exits hears of nothing" do
    Process.flag(:trap_exit, true)
    Proctor.stream!(["cat"], input: Stream.map(["a"], & &1)) |> Enum.to_list()
    lines("yes") |> Enum.take(1)
    Process.sleep(50)
    refute_received _
  end
end
