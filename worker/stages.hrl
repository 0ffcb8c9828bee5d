%% Why there is no child, a stage a line: its name, which the native dialect has,
%% and what people read before and behind its detail. proctor_error.erl includes
%% this, and the Makefile makes a table for the worker of it.
-define(STAGES, #{
    none => {"", ""},
    limit => {"Limit of ", " reached"},
    pipe => {"Failed to create a pipe for ", ""},
    pty => {"Failed to create a pty", ""},
    fork => {"Failed to fork", ""},
    group => {"Cannot join the process group", ""},
    nice => {"Cannot set the priority: ", ""},
    user => {"Cannot run as user ", ""},
    chdir => {"Cannot change directory to '", "'"},
    open => {"Cannot open '", "'"},
    exec => {"Cannot execute '", "'"},
    launcher => {"The launcher takes no child", ""},
    policy => {"Policy does not permit ", ""},
    decode => {"", ""},
    cgroup => {"Cannot have the control group: ", ""},
    rlimit => {"Cannot set ", ""}
}).
