# What stands around every page.

frame-skip = Skip to the content

nav-label = Main pages
nav-home = Home
nav-posts = Posts
nav-calendar = Calendar
nav-self-check = Try a text
nav-inbox = Received
nav-chat = Rooms
nav-alarms = Alarms
nav-channels = Pages
nav-members = Members
nav-changes = Two people
nav-rules = Rules
nav-audit = Log
nav-settings = Settings
nav-write = Write a post
nav-write-short = Write
nav-more = More
nav-self = My menu
nav-me = My account
nav-sign-out = Sign out

theme-label = Look of the pages
theme-auto = As my device says
theme-light = Light
theme-dark = Dark

pause-all = Pause all
pause-all-explained = No post will leave before two of you agree to start again. Nothing is lost.
pause-label = Publishing is paused
pause-banner = { $name } paused everything { $when }. Nothing goes out.
pause-resume-asked = { $name } has asked to start again; a second person must agree.
pause-see = See the pause

home-title = Home
home-calm-title = Nothing is waiting for you
home-calm-text = Reviews to do, your drafts and any alarm will show here.

form-problems = Please look again at these:
form-required = Please fill this in.
form-too-long = Too long: { $most ->
    [one] one character
   *[other] { $most } characters
  } at most.

date-long = { $day } { $month } { $year }
date-moment = { $date } at { $time }
date-weekday = { $weekday } { $date }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday

ago-now = just now
ago-minutes = { $n ->
    [one] a minute ago
   *[other] { $n } minutes ago
  }
ago-hours = { $n ->
    [one] an hour ago
   *[other] { $n } hours ago
  }
ago-days = { $n ->
    [one] yesterday
   *[other] { $n } days ago
  }
ahead-minutes = { $n ->
    [one] in a minute
   *[other] in { $n } minutes
  }
ahead-hours = { $n ->
    [one] in an hour
   *[other] in { $n } hours
  }
ahead-days = { $n ->
    [one] tomorrow
   *[other] in { $n } days
  }
