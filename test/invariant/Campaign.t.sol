// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Campaign} from "./Campaign.sol";

/// @notice The campaign with a token of 6 decimals.
contract CampaignSixTest is Campaign {
    function _decimals() internal pure override returns (uint8) {
        return 6;
    }
}

/// @notice The campaign with a token of 8 decimals.
contract CampaignEightTest is Campaign {
    function _decimals() internal pure override returns (uint8) {
        return 8;
    }
}

/// @notice The campaign with a token of 18 decimals.
contract CampaignEighteenTest is Campaign {
    function _decimals() internal pure override returns (uint8) {
        return 18;
    }
}
