%% A port program that says what a test wants: it runs in a node of its own,
%% which a script starts, and speaks the native dialect.
-module(proctor_fake).

-export([script/2, main/1]).

%% The text of a script that is such a port program.
script(Mode, Dir) ->
    Beams = filename:dirname(code:which(?MODULE)),
    ["#!/bin/sh\n"
     "cd ", Dir, "\n"
     "exec erl -noinput -boot start_clean -pa ", Beams,
     " -s ", atom_to_list(?MODULE), " main ", atom_to_list(Mode), "\n"].

main([Mode]) ->
    Port = open_port({fd, 0, 1}, [{packet, 4}, binary, eof]),
    loop(Port, Mode).

loop(Port, Mode) ->
    receive
        {Port, {data, Frame}} ->
            {Id, Request} = binary_to_term(Frame),
            _ = [say(Port, Id, Term) || Term <- answers(Mode, Request)],
            loop(Port, Mode);
        {Port, eof} ->
            halt(0)
    end.

say(_Port, _Id, die) -> halt(7);
say(_Port, _Id, {wait, Ms}) -> timer:sleep(Ms);
say(Port, _Id, {event, Term}) -> send(Port, {0, Term});
say(Port, Id, Term) -> send(Port, {Id, Term}).

send(Port, Term) ->
    true = port_command(Port, term_to_binary(Term)).

answers(leaf, {hello, _}) ->
    [{ok, #{version => 1, features => [],
            cgroup => #{path => <<"/fake">>, controllers => [memory, pids],
                        kill => true}}}];
answers(no_leaf, {hello, _}) ->
    [{ok, #{version => 1, features => [], cgroup => <<"none delegated">>}}];
answers(_Mode, {hello, _}) -> [{ok, #{version => 1, features => []}}];
answers(_Mode, {shutdown}) -> [die];
answers(silent, _) -> [];
answers(deaf_after_run, {run, _, _}) -> [{pid, 42}, out()];
answers(deaf_after_run, _) -> [];
answers(dies, {run, _, _}) -> [{pid, 42}, out(), {wait, 100}, die];
answers(slow, {run, _, _}) -> [{wait, 3}, {pid, 42}, out(), ended(#{})];
answers(slow, {stop, _}) -> [ok];
answers(launcher, {list}) -> [{event, {launcher_down, <<"alice">>}}, []];
answers(old, {run, _, _}) ->
    [{pid, 42},
     {event, {exit, 42, #{status => {signaled, 9, false}, reason => killed,
                          usage => #{}}}}];
answers(cut, {run, _, _}) ->
    [{pid, 42}, out(), ended(#{truncated => [stdout]})];
answers(shutdown, {run, _, _}) ->
    [{pid, 42}, out(), ended(#{status => {signaled, 15, false},
                               reason => shutdown})];
answers(timeout, {run, _, _}) ->
    [{pid, 42}, out(), ended(#{reason => timeout, killed => true})];
%% What was asked for comes as output.
answers(no_leaf, {run, _, Options}) ->
    [{pid, 42}, asked(Options), ended(#{})];
answers(leaf, {run, [_ | [_ | _]], _}) ->
    [{error, {limit, eperm, <<"memory_max">>}}];
answers(leaf, {run, _, Options}) ->
    [{pid, 42}, asked(Options), events(#{oom_kill => 1, pids_denied => 0}),
     events(#{oom_kill => 1, pids_denied => 1})
     | case lists:member(stdin, Options) of
           true -> [];
           false -> [ended(#{status => {signaled, 9, false}, reason => oom,
                             cgroup => #{memory_peak => 4096,
                                         oom_kill => 1}})]
       end];
answers(leaf, {stats, 42}) -> [{ok, #{path => <<"/fake/c1">>, cpu_us => 5}}];
answers(leaf, {cgroup_set, 42, #{memory_max := max}}) ->
    [{error, {limit, eperm, <<"memory_max">>}}];
answers(leaf, {cgroup_set, 42, #{}}) -> [ok];
answers(leaf, {pause, 42}) -> [{ok, cgroup}];
answers(leaf, {resume, 42}) -> [{ok, signal}];
answers(leaf, {stop, 42}) -> [ok, ended(#{})];
answers(leaf, Request) when element(1, Request) =:= stats;
                            element(1, Request) =:= pause ->
    [{error, not_found}];
answers(secret, {run, _, _}) -> [{pid, 42}];
answers(gone, {run, _, _}) -> [{pid, 1}];
%% The first ends at once, and the second has its number.
answers(reused, {run, _, Options}) ->
    [{pid, 1}
     | case lists:member(stdout, Options) of
           true -> [{event, {stdout, 1, <<"rest">>}},
                    {event, {exit, 1, #{status => {exited, 0},
                                        reason => normal, usage => #{}}}}];
           false -> []
       end];
answers(reused, {list}) -> [[1]];
answers(gone, {kill, _, _}) -> [{error, esrch}];
answers(_Mode, {list}) -> [[]];
answers(_Mode, _) -> [].

out() ->
    {event, {stdout, 42, <<"so far\n">>}}.

asked(Options) ->
    Asked = proplists:get_value(cgroup, Options, none),
    {event, {stdout, 42, term_to_binary(Asked)}}.

events(Counts) ->
    {event, {cgroup, 42, Counts}}.

ended(More) ->
    {event, {exit, 42, maps:merge(#{status => {exited, 0}, reason => normal,
                                    killed => false, truncated => [],
                                    usage => #{}}, More)}}.
