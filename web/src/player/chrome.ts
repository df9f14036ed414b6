/**
 * The parts of media-chrome that the player uses, and no others: the rest would double its size. One more,
 * the slider of the volume, comes with the bar.
 */

import "media-chrome/media-controller";
import "media-chrome/media-control-bar";
import "media-chrome/media-play-button";
import "media-chrome/media-live-button";
import "media-chrome/media-mute-button";
import "media-chrome/media-pip-button";
import "media-chrome/media-fullscreen-button";
